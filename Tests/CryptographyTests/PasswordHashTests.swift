import Testing

@testable import Cryptography

struct PasswordHashTests {
    // RFC 7914, section 12: the vector with the parameters in use.
    @Test func knownKey() throws {
        let parameters = PasswordHash.Parameters(logarithmOfN: 14, r: 8, p: 1)
        let key = try #require(
            PasswordHash.derive("pleaseletmein", parameters: parameters, salt: [UInt8]("SodiumChloride".utf8), keyBytes: 64))
        #expect(
            Digest.hexadecimal(key)
                == "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887")
        #expect(parameters == .current)
    }

    @Test func makeAndVerify() throws {
        let stored = try PasswordHash.make("correct horse")
        #expect(stored.hasPrefix("$scrypt$ln=14,r=8,p=1$"))
        #expect(PasswordHash.verify("correct horse", stored))
        #expect(!PasswordHash.verify("correct horsf", stored))
        #expect(!PasswordHash.verify("", stored))
        #expect(try PasswordHash.make("correct horse") != stored)
        #expect(!PasswordHash.isOutdated(stored))
    }

    @Test func emptyAndUnicodePasswords() throws {
        for password in ["", "密码", "pass\u{0}word", String(repeating: "x", count: 512)] {
            let stored = try PasswordHash.make(password)
            #expect(PasswordHash.verify(password, stored))
            #expect(!PasswordHash.verify(password + "x", stored))
        }
    }

    @Test func parametersComeFromTheStoredHash() throws {
        let weak = try PasswordHash.make("pw", parameters: .init(logarithmOfN: 4, r: 1, p: 1), salt: [UInt8](repeating: 7, count: 16))
        #expect(PasswordHash.verify("pw", weak))
        #expect(PasswordHash.isOutdated(weak))
    }

    @Test(arguments: [
        "", "$", "plain", "$scrypt$", "$scrypt$ln=14,r=8,p=1$AAAA$", "$scrypt$ln=14,r=8$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5a2V5",
        "$scrypt$ln=99,r=8,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5a2V5", "$scrypt$ln=20,r=64,p=1$c2FsdHNhbHRzYWx0$a2V5a2V5a2V5a2V5a2V5a2V5",
        "$bcrypt$ln=14,r=8,p=1$c2FsdHNhbHRzYWx0$a2V5a2V5a2V5a2V5a2V5a2V5",
    ])
    func damagedHashesVerifyNothing(stored: String) {
        #expect(!PasswordHash.verify("", stored))
        #expect(!PasswordHash.verify("password", stored))
    }
}
