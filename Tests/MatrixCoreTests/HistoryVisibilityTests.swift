import MatrixCore
import Testing

struct HistoryVisibilityTests {
    /// One membership and one visibility at the event, and whether the user joined later.
    @Test(arguments: [
        ("world_readable", true, true, true, true, true), ("shared", true, false, false, false, true), ("invited", true, true, false, false, false),
        ("joined", true, false, false, false, false), ("unheard-of", true, false, false, false, true),
    ])
    func table(visibility: String, joined: Bool, invited: Bool, left: Bool, banned: Bool, leftAndJoinsLater: Bool) {
        func canSee(_ membership: String, joinsLater: Bool = false) -> Bool {
            var memberships = [(position: Int64(2), membership: membership)]
            if joinsLater { memberships.append((position: 9, membership: "join")) }
            return HistoryVisibility(visibilityChanges: [(1, visibility)], membershipChanges: memberships).canSee(eventAt: 5)
        }
        #expect(canSee("join") == joined)
        #expect(canSee("invite") == invited)
        #expect(canSee("knock") == left)
        #expect(canSee("leave") == left)
        #expect(canSee("ban") == banned)
        #expect(canSee("leave", joinsLater: true) == leftAndJoinsLater)
        #expect(canSee("ban", joinsLater: true) == leftAndJoinsLater)
    }

    @Test func sharedIsTheDefault() {
        let never = HistoryVisibility(visibilityChanges: [], membershipChanges: [])
        #expect(!never.canSee(eventAt: 5))
        let later = HistoryVisibility(visibilityChanges: [], membershipChanges: [(7, "join"), (8, "leave")])
        #expect(later.canSee(eventAt: 5))
        #expect(later.canSee(eventAt: 7))
        #expect(later.canSee(eventAt: 8))
        #expect(!later.canSee(eventAt: 9))
    }

    @Test func nothingAfterLeavingUntilTheNextJoin() {
        let history = HistoryVisibility(
            visibilityChanges: [(1, "joined")], membershipChanges: [(10, "join"), (20, "leave"), (30, "join"), (40, "ban")])
        // The event at 1 is judged by the default before it as well.
        let visible = (1...50).filter { history.canSee(eventAt: $0) }
        #expect(visible == [1] + Array(10...20) + Array(30...40))
    }

    @Test func invitedShowsFromTheInvitationOn() {
        let history = HistoryVisibility(
            visibilityChanges: [(1, "invited")], membershipChanges: [(10, "invite"), (15, "join"), (20, "leave"), (30, "invite"), (35, "leave")])
        let visible = (2...50).filter { history.canSee(eventAt: $0) }
        #expect(visible == Array(10...20) + Array(30...35))
    }

    @Test func changesApplyToWhatIsSentAfterThem() {
        let history = HistoryVisibility(
            visibilityChanges: [(1, "joined"), (10, "shared"), (20, "joined"), (30, "world_readable"), (40, "joined")],
            membershipChanges: [(50, "join")])
        let visible = (1...49).filter { history.canSee(eventAt: $0) }
        // The changes themselves are judged by both sides.
        #expect(visible == [1] + Array(10...20) + Array(30...40))
    }

    @Test func theVisibilityEventItself() {
        let stranger: [(position: Int64, membership: String)] = []
        #expect(HistoryVisibility(visibilityChanges: [(1, "world_readable"), (5, "joined")], membershipChanges: stranger).canSee(eventAt: 5))
        #expect(HistoryVisibility(visibilityChanges: [(1, "joined"), (5, "world_readable")], membershipChanges: stranger).canSee(eventAt: 5))
        #expect(!HistoryVisibility(visibilityChanges: [(1, "joined"), (5, "invited")], membershipChanges: stranger).canSee(eventAt: 5))
    }

    @Test func ownMemberEventOfSomebodyNeverJoined() {
        let rejected = HistoryVisibility(visibilityChanges: [(1, "joined")], membershipChanges: [(5, "invite"), (6, "leave")])
        #expect(!(1...10).contains { rejected.canSee(eventAt: $0) })
        let invited = HistoryVisibility(visibilityChanges: [(1, "invited")], membershipChanges: [(5, "invite"), (6, "leave")])
        #expect((2...10).filter { invited.canSee(eventAt: $0) } == [5, 6])
    }

    @Test func orderOfTheListsDoesNotMatter() {
        let history = HistoryVisibility(visibilityChanges: [(10, "joined"), (1, "shared")], membershipChanges: [(20, "leave"), (15, "join")])
        #expect((1...30).filter { history.canSee(eventAt: $0) } == Array(1...10) + Array(15...20))
    }
}
