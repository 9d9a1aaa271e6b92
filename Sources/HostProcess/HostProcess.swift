import CLinux
import Glibc
import HostModules
import HostProtocol
import LuaHost
import Values

/// A host process: Lua on one side, the daemon's socket on the other.
///
/// It reads commands on the calling thread, gives them to the Lua host, and writes what comes of them
/// on a thread of its own. When the socket closes, the daemon is gone, and the process ends at once.
public enum HostProcess {
  /// Serves the daemon at the other end of descriptor 3 until that closes.
  ///
  /// - Returns: An exit status, when it could not even begin.
  public static func run() -> Int32 {
    confine()
    // The daemon decides when a host ends; a terminal's Ctrl-C is not for it.
    for ignored in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { signal(ignored, SIG_IGN) }
    // What a job has started comes here when it has killed the keeper.
    _ = clinux_become_subreaper()
    // Before there are threads, memory to copy, and a limit that children should not inherit.
    Keeper.shared.start { pid in
      if let evidence = evidence_map(HostConversation.evidenceDescriptor) {
        evidence_set_keeper(evidence, Int64(pid), clinux_start_time(pid))
        evidence_unmap(evidence)
      }
    }
    // Ten thousand connections, and the pipes of as many children.
    _ = clinux_limit_descriptors(65_536)
    guard let evidence = evidence_map(HostConversation.evidenceDescriptor) else {
      return complain("this command is for almanac itself: it starts its host processes with it")
    }
    evidence_install_crash_handler(evidence)
    let bridge = HostBridge(evidence: evidence, outbox: Outbox(socket: HostConversation.socketDescriptor))
    bridge.serve(socket: HostConversation.socketDescriptor)
    // Nothing is tidied up: what matters is that no job goes on without its daemon.
    kill(0, SIGKILL)
    _exit(0)
  }

  /// What jobs may have of the machine. Processes that they start inherit it.
  private static func confine() {
    _ = clinux_no_new_privileges()
    _ = clinux_no_core_dumps()
    // A machine without memory is to lose jobs, and not the daemon that records it.
    _ = clinux_prefer_as_victim(500)
  }

  private static func complain(_ text: String) -> Int32 {
    let line = Array("almanac: \(text)\n".utf8)
    _ = write(2, line, line.count)
    return 2
  }
}
