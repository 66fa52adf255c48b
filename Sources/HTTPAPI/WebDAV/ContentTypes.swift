/// The type of a file whose client does not tell it: by the ending of its name, for those that people keep.
enum ContentTypes {
    static func type(ofName name: String) -> String? {
        guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")), dot != name.startIndex else { return nil }
        return byEnding[name[name.utf8.index(after: dot)...].lowercased()]
    }

    private static let byEnding: [String: String] = {
        var types: [String: String] = [:]
        for line in table.split(separator: "\n") {
            let words = line.split(separator: " ").map { String($0) }
            for ending in words.dropFirst() { types[ending] = words[0] }
        }
        return types
    }()

    private static let table = """
        image/jpeg jpg jpeg jpe
        image/png png
        image/gif gif
        image/webp webp
        image/avif avif
        image/heic heic
        image/heif heif
        image/tiff tif tiff
        image/bmp bmp
        image/svg+xml svg
        image/x-icon ico
        image/x-adobe-dng dng
        video/mp4 mp4 m4v
        video/webm webm
        video/quicktime mov
        video/x-matroska mkv
        video/x-msvideo avi
        video/mpeg mpg mpeg
        video/3gpp 3gp
        audio/mpeg mp3
        audio/mp4 m4a
        audio/aac aac
        audio/ogg ogg oga opus
        audio/wav wav
        audio/flac flac
        audio/midi mid midi
        text/plain txt log conf ini
        text/markdown md
        text/csv csv
        text/html html htm
        text/css css
        text/javascript js mjs
        text/calendar ics
        text/vcard vcf
        application/json json
        application/xml xml
        application/pdf pdf
        application/epub+zip epub
        application/zip zip
        application/gzip gz tgz
        application/x-7z-compressed 7z
        application/x-tar tar
        application/vnd.rar rar
        application/rtf rtf
        application/msword doc
        application/vnd.openxmlformats-officedocument.wordprocessingml.document docx
        application/vnd.ms-excel xls
        application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx
        application/vnd.ms-powerpoint ppt
        application/vnd.openxmlformats-officedocument.presentationml.presentation pptx
        application/vnd.oasis.opendocument.text odt
        application/vnd.oasis.opendocument.spreadsheet ods
        application/vnd.oasis.opendocument.presentation odp
        application/vnd.android.package-archive apk
        """
}
