import CLinux

/// What kind of file system a file lies on, as far as that matters for trusting what it says (`statfs(2)`).
struct FileSystem {
  private let type: UInt32

  /// - Parameter file: A descriptor.
  init(of file: Int32) { type = clinux_file_system(file) }

  /// Whether a file's permissions are its own, and not made up for all files of the mount.
  var keepsPermissions: Bool { !Self.withoutPermissions.contains(type) }

  /// Whether who has a file open is known here. On a network only the server knows.
  var tellsOfWriters: Bool { !Self.remote.contains(type) }

  /// CIFS, SMB2, NFS, FUSE, 9P (Windows' folders in WSL).
  private static let remote: Set<UInt32> = [0xFF53_4D42, 0xFE53_4D42, 0x6969, 0x6573_5546, 0x0102_1997]
  /// Those but NFS, and FAT, exFAT, NTFS, VirtualBox's shared folders.
  private static let withoutPermissions: Set<UInt32> = remote.subtracting([0x6969]).union([
    0x4D44, 0x2011_BAB0, 0x5346_544E, 0x7366_746E, 0x786F_4256,
  ])
}
