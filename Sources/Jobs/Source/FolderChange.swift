/// What may have changed under a jobs folder. Paths are relative to it, with `/` and without `./`.
public enum FolderChange: Sendable, Hashable {
  /// One file appeared, changed or went.
  case file(String)
  /// A folder did, or much in it, or a folder job.
  case tree(String)
  /// Anything may have.
  case everything
}
