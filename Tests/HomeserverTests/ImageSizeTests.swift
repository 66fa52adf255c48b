import Testing

@testable import Homeserver

@Suite struct ImageSizeTests {
    private static let exif: [UInt8] = {
        let tiff: [UInt8] = Array("MM".utf8) + [0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0]
        let body = Array("Exif".utf8) + [0, 0] + tiff
        return [0xFF, 0xE1, 0, UInt8(body.count + 2)] + body
    }()
    private static let frame: [UInt8] = [0xFF, 0xC2, 0, 17, 8, 0x01, 0x00, 0x02, 0x80, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]

    private static let samples: [(bytes: [UInt8], width: Int, height: Int)] = [
        ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8) + [0, 0, 4, 0, 0, 0, 3, 0], 1024, 768),
        (Array("GIF89a".utf8) + [0x40, 0x01, 0xF0, 0x00], 320, 240),
        (Array("RIFF....WEBPVP8X".utf8) + [10, 0, 0, 0, 0, 0, 0, 0, 0x3F, 0x01, 0, 0xEF, 0, 0], 320, 240),
        (Array("RIFF....WEBPVP8 ".utf8) + [0, 0, 0, 0, 0, 0, 0, 0x9D, 0x01, 0x2A, 0x40, 0x01, 0xF0, 0x00], 320, 240),
        (Array("RIFF....WEBPVP8L".utf8) + [0, 0, 0, 0, 0x2F, 0x3F, 0xC1, 0x3B, 0x00], 320, 240),
        ([0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 0, 0] + frame, 640, 256),
        // Fill bytes before a marker; a picture that is to be turned.
        ([0xFF, 0xD8] + exif + [0xFF, 0xFF] + frame, 256, 640),
    ]

    @Test func sizesAreInTheHeaders() {
        for sample in Self.samples {
            let size = ImageSize(header: sample.bytes)
            #expect(size?.width == sample.width && size?.height == sample.height, "\(sample.bytes)")
        }
    }

    @Test func whatIsCutOrDamagedHasNone() {
        var random = SeededGenerator()
        print("ImageSizeTests seed \(random.seed)")
        for sample in Self.samples {
            let needed = sample.bytes.count - (sample.bytes[0] == 0xFF ? 10 : 1)
            for count in 0..<needed { #expect(ImageSize(header: Array(sample.bytes.prefix(count))) == nil, "\(sample.bytes) \(count)") }
            for _ in 0..<2_000 {
                var bytes = sample.bytes
                for _ in 0..<3 { bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
                if let size = ImageSize(header: bytes) { #expect(size.width > 0 && size.height > 0) }
            }
        }
        #expect(ImageSize(header: []) == nil && ImageSize(header: Array("hello".utf8)) == nil)
    }
}
