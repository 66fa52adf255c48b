/// What thumbnail is wanted: one of few sizes, so that few are made of each picture.
///
/// spec: client-server-api/#thumbnails
public struct ThumbnailWish: Sendable, Hashable {
    public enum Method: String, Sendable {
        /// In the shape of width and height, the middle of the picture.
        case crop
        /// All of the picture, so that it fits into width and height.
        case scale
    }

    let width: Int
    let height: Int
    let crops: Bool
    /// Whether a picture that moves may be given as it is, where it is small enough.
    let takesAnimation: Bool

    /// The specification's sizes, and a larger one for screens with small pixels.
    private static let scaledSizes = [(320, 240), (640, 480), (800, 600), (1_600, 1_200)]
    /// Of the longer side. The specification has the first two.
    private static let croppedSides = [32, 96, 320, 640, 800, 1_600]

    /// Rounds up to a size that is made. What is larger than all of them gets the largest.
    ///
    /// - Parameters:
    ///   - width: in pixels, at least 1.
    ///   - height: the same.
    ///   - takesAnimation: whether a picture that moves may be given as it is, where it is small enough.
    public init(width: Int, height: Int, method: Method, takesAnimation: Bool = false) {
        self.takesAnimation = takesAnimation
        crops = method == .crop
        switch method {
        case .scale:
            let size = Self.scaledSizes.first { width <= $0.0 && height <= $0.1 } ?? Self.scaledSizes[Self.scaledSizes.count - 1]
            (self.width, self.height) = size
        case .crop:
            let longer = max(width, height)
            let side = Self.croppedSides.first { longer <= $0 } ?? Self.croppedSides[Self.croppedSides.count - 1]
            self.width = max(1, (width * side + longer - 1) / longer)
            self.height = max(1, (height * side + longer - 1) / longer)
        }
    }
}
