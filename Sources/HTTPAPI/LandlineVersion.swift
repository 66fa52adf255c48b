/// The version of this program.
public enum LandlineVersion {
    public static let current = "0.1.0"
}
