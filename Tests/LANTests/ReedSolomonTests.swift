import Testing

@testable import LAN

@Suite struct ReedSolomonTests {
    @Test func multiplicationFollowsTheFieldsPolynomial() {
        #expect(ReedSolomon.multiply(0, 7) == 0)
        #expect(ReedSolomon.multiply(1, 7) == 7)
        // 2 * 0x80 leaves the byte and is reduced by 0x11D.
        #expect(ReedSolomon.multiply(2, 0x80) == 0x1D)
        // Every element except 0 has an inverse.
        for value in UInt8(1)...255 {
            #expect((UInt8(1)...255).contains { ReedSolomon.multiply(value, $0) == 1 })
        }
    }

    /// ISO/IEC 18004, annex A lists the generators: for seven codewords alpha to the powers 87, 229, 146, 149, 238, 102, 21.
    @Test func generatorOfSevenCodewords() {
        #expect(ReedSolomon(correctionCodewords: 7).generator == [127, 122, 154, 164, 11, 68, 117])
    }

    /// ISO/IEC 18004, annex I: "01234567" as version 1-M.
    @Test func exampleOfTheStandard() {
        let data: [UInt8] = [0x10, 0x20, 0x0C, 0x56, 0x61, 0x80, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11]
        let expected: [UInt8] = [0xA5, 0x24, 0xD4, 0xC1, 0xED, 0x36, 0xC7, 0x87, 0x2C, 0x55]
        #expect(ReedSolomon(correctionCodewords: 10).remainder(of: data) == expected)
    }

    /// What the code is for: data and correction together are divisible by the generator, so all roots give zero.
    @Test func codewordsVanishAtTheGeneratorsRoots() {
        let data: [UInt8] = Array(0..<40)
        let codeword = data + ReedSolomon(correctionCodewords: 18).remainder(of: data)
        var root: UInt8 = 1
        for _ in 0..<18 {
            let value = codeword.reduce(UInt8(0)) { ReedSolomon.multiply($0, root) ^ $1 }
            #expect(value == 0)
            root = ReedSolomon.multiply(root, 2)
        }
    }
}
