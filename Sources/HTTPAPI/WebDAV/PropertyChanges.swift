import Homeserver
import MatrixCore

/// What a PROPPATCH wants to change, in its order.
///
/// RFC 4918, section 9.2.
struct PropertyChanges {
    var changes: [DeadProperty.Change] = []
    /// Of all properties that are named, each once.
    var names: [XMLName] = []
    /// Of those that only the box itself sets.
    var refused: [XMLName] = []
    /// When the file was changed on the device that it comes from.
    var modifiedTimestamp: Int64?

    private static let microsoft = "urn:schemas-microsoft-com:"

    init(_ body: [UInt8]) throws(MatrixError) {
        let root = try XMLReader.parse(body)
        guard root.name == .dav("propertyupdate") else {
            throw MatrixError(XMLReader.badXML, "This is no propertyupdate element as RFC 4918 wants it.")
        }
        for instruction in root.children {
            let isRemoval = instruction.name == .dav("remove")
            guard isRemoval || instruction.name == .dav("set") else { continue }
            guard let properties = instruction.child(.dav("prop"))?.children else {
                throw MatrixError(XMLReader.badXML, "A set or remove element has no properties.")
            }
            let language = Self.language(instruction, root)
            for property in properties { add(property, isRemoval, language) }
        }
        guard !names.isEmpty else { throw MatrixError(XMLReader.badXML, "No property is named.") }
    }

    private mutating func add(_ property: XMLElement, _ isRemoval: Bool, _ language: String?) {
        let name = property.name
        if !names.contains(name) { names.append(name) }
        if name == .dav(LiveProperty.lastModified.rawValue) {
            // Protected by the letter, and yet how some clients keep the time of a file that they copy.
            guard !isRemoval, let milliseconds = HTTPDate.milliseconds(property.text) else { return refuse(name) }
            modifiedTimestamp = milliseconds
            return
        }
        guard !name.isDAV else { return refuse(name) }
        if name == XMLName(Self.microsoft, "Win32LastModifiedTime"), !isRemoval, let milliseconds = HTTPDate.milliseconds(property.text) {
            modifiedTimestamp = milliseconds
        }
        guard !isRemoval else {
            changes.append(.remove(namespace: name.namespace, name: name.local))
            return
        }
        var property = property
        if let language, !property.attributes.contains(where: { $0.name == XMLElement.languageAttribute }) {
            property.attributes.append((XMLElement.languageAttribute, language))
        }
        var xml = ""
        property.write(into: &xml)
        changes.append(.set(DeadProperty(namespace: name.namespace, name: name.local, xml: xml)))
    }

    private mutating func refuse(_ name: XMLName) {
        if !refused.contains(name) { refused.append(name) }
    }

    /// The language that is in force for a property. RFC 4918, section 4.3.
    private static func language(_ instruction: XMLElement, _ root: XMLElement) -> String? {
        for element in [instruction.child(.dav("prop")), instruction, root] {
            if let language = element?.attributes.first(where: { $0.name == XMLElement.languageAttribute }) { return language.value }
        }
        return nil
    }
}
