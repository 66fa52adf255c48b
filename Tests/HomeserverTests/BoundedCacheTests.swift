import Testing

@testable import Homeserver

struct BoundedCacheTests {
    @Test func itNeverHoldsMoreThanItsCapacity() {
        var cache = BoundedCache<Int, Int>(capacity: 10)
        for number in 0..<1_000 {
            cache[number] = number
            #expect(cache.count <= 10)
        }
        for number in 995..<1_000 { #expect(cache[number] == number) }
        #expect(cache[0] == nil)
    }

    @Test func whatIsAskedForStays() {
        var cache = BoundedCache<Int, Int>(capacity: 10)
        cache[-1] = 7
        for number in 0..<1_000 {
            cache[number] = number
            #expect(cache[-1] == 7)
            #expect(cache.count <= 10)
        }
    }

    @Test func aNewValueReplacesTheOldOneInEitherGeneration() {
        var cache = BoundedCache<Int, Int>(capacity: 4)
        cache[1] = 10
        cache[2] = 20
        cache[3] = 30
        cache[1] = 11
        #expect(cache[1] == 11)
        cache[1] = nil
        cache[3] = nil
        #expect(cache[1] == nil)
        #expect(cache[3] == nil)
        #expect(cache[2] == 20)
    }

    @Test func valuesCanBePickedOut() {
        var cache = BoundedCache<Int, Int>(capacity: 20)
        for number in 0..<15 { cache[number] = number }
        cache.removeAll { $0.isMultiple(of: 2) }
        for number in 5..<15 { #expect(cache[number] == (number.isMultiple(of: 2) ? nil : number)) }
        cache.removeAll()
        #expect(cache.count == 0)
    }
}
