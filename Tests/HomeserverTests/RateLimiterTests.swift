import MatrixCore
import Testing

@testable import Homeserver

struct RateLimiterTests {
    private let time = SteppedTime()
    private let ann = UserID(trusted: "@ann:box.test")
    private let ben = UserID(trusted: "@ben:box.test")

    private func limiter(isEnabled: Bool = true) -> RateLimiter {
        let time = time
        return RateLimiter(isEnabled: isEnabled, clock: MonotonicClock { time.milliseconds })
    }

    /// How many of `attempts` are let through.
    private func admitted(_ attempts: Int, _ subject: RateLimiter.Subject, _ limiter: RateLimiter) -> Int {
        (0..<attempts).count { _ in (try? limiter.take(subject)) != nil }
    }

    @Test func aBurstIsLetThroughAndThenItsRate() {
        let limiter = limiter()
        let subject = RateLimiter.Subject.loginFailuresOfAccount(ann)
        #expect(admitted(50, subject, limiter) == 10)
        time.pass(seconds: 29)
        #expect(admitted(5, subject, limiter) == 0)
        time.pass(seconds: 1)
        #expect(admitted(5, subject, limiter) == 1)
        time.pass(seconds: 90)
        #expect(admitted(50, subject, limiter) == 3)
        time.pass(seconds: 1_000_000)
        #expect(admitted(50, subject, limiter) == 10)
    }

    @Test func whoIsRefusedLearnsWhenToComeBack() throws {
        let limiter = limiter()
        let subject = RateLimiter.Subject.loginFailuresOfAccount(ann)
        _ = admitted(10, subject, limiter)
        time.pass(seconds: 10)
        let error = #expect(throws: MatrixError.self) { try limiter.take(subject) }
        #expect(error?.code == .limitExceeded)
        let wait = try #require(error?.details.integer("retry_after_ms"))
        #expect((19_999...20_001).contains(wait))
        time.pass(milliseconds: wait - 2)
        #expect(throws: MatrixError.self) { try limiter.take(subject) }
        time.pass(milliseconds: 2)
        #expect(throws: Never.self) { try limiter.take(subject) }
    }

    @Test func eachHasABucketOfTheirOwn() {
        let limiter = limiter()
        #expect(admitted(50, .loginFailuresOfAccount(ann), limiter) == 10)
        #expect(admitted(50, .loginFailuresOfAccount(ben), limiter) == 10)
        #expect(admitted(50, .loginFailuresFromAddress("192.168.1.5"), limiter) == 30)
        #expect(admitted(50, .registrationsFromAddress("192.168.1.5"), limiter) == 20)
        #expect(admitted(300, .sending(ann), limiter) == 200)
    }

    @Test func whatIsGivenBackCanBeTakenAgainButNotSaved() {
        let limiter = limiter()
        let subject = RateLimiter.Subject.loginFailuresOfAccount(ann)
        for _ in 0..<100 {
            #expect(throws: Never.self) { try limiter.take(subject) }
            limiter.giveBack(subject)
        }
        for _ in 0..<5 { limiter.giveBack(subject) }
        #expect(admitted(50, subject, limiter) == 10)
    }

    @Test func withoutLimitsEverythingGoes() {
        #expect(admitted(5_000, .loginFailuresOfAccount(ann), limiter(isEnabled: false)) == 5_000)
    }

    @Test func manyStrangersDoNotMakeAnAttackerForgotten() {
        let limiter = limiter()
        let attacker = RateLimiter.Subject.loginFailuresFromAddress("192.168.1.66")
        #expect(admitted(50, attacker, limiter) == 30)
        for number in 0..<(RateLimiter.maxBuckets / 2 - 1) {
            _ = admitted(1, .loginFailuresOfAccount(UserID(trusted: "@u\(number):box.test")), limiter)
        }
        #expect(admitted(1, attacker, limiter) == 0)
    }
}
