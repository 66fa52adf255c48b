import Testing

@testable import Homeserver

struct ThumbnailWishTests {
    private func rounded(_ width: Int, _ height: Int, _ method: ThumbnailWish.Method) -> [Int] {
        let wish = ThumbnailWish(width: width, height: height, method: method)
        #expect(wish.crops == (method == .crop) && !wish.takesAnimation)
        return [wish.width, wish.height]
    }

    @Test func sizesAreRoundedUp() {
        #expect(rounded(1, 1, .scale) == [320, 240])
        #expect(rounded(320, 240, .scale) == [320, 240])
        #expect(rounded(240, 320, .scale) == [640, 480])
        #expect(rounded(641, 1, .scale) == [800, 600])
        #expect(rounded(801, 600, .scale) == [1_600, 1_200])
        #expect(rounded(65_535, 65_535, .scale) == [1_600, 1_200])
    }

    @Test func aCroppedOneKeepsItsShape() {
        #expect(rounded(1, 1, .crop) == [32, 32])
        #expect(rounded(32, 32, .crop) == [32, 32])
        #expect(rounded(33, 33, .crop) == [96, 96])
        #expect(rounded(60, 30, .crop) == [96, 48])
        #expect(rounded(30, 60, .crop) == [48, 96])
        #expect(rounded(128, 128, .crop) == [320, 320])
        #expect(rounded(1, 65_535, .crop) == [1, 1_600])
        for (width, height) in [(7, 31), (97, 320), (640, 1), (799, 333)] {
            let size = rounded(width, height, .crop)
            #expect(size[0] >= width && size[1] >= height, "never smaller than asked for")
        }
    }

    @Test func onlyItsOwnArgumentsMakeAProcessForThumbnails() {
        #expect(ThumbnailProcess.wish(ofArguments: ["landline"]) == nil)
        #expect(ThumbnailProcess.wish(ofArguments: ["landline", "serve", "--data", "x", "--bind", "y"]) == nil)
        #expect(ThumbnailProcess.wish(ofArguments: ["landline", "thumbnail-of-standard-input", "-1", "2", "crop", "still"]) == nil)
        let wish = ThumbnailProcess.wish(ofArguments: ["landline", "thumbnail-of-standard-input", "1", "2", "crop", "animated"])
        #expect(wish?.width == 1 && wish?.height == 2 && wish?.crops == true && wish?.takesAnimation == true)
    }
}
