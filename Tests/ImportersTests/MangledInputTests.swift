import FoundationEssentials
import JobWriting
import Testing

@testable import Importers

/// Files as people have them, with bytes changed, doubled, moved and taken away.
@Suite("Importers on mangled files") struct MangledInputTests {
  private static let users = Users(current: "root") { ["root": "/root"][$0] }

  private static let crontab = """
    SHELL=/bin/bash
    MAILTO="ops@example.com,root"
    CRON_TZ=Europe/Berlin
    # Nightly.
    30 2 * * 1-5 root cd /srv && dump --all "x y" 'z' > /dev/null 2>&1
    0~59/5 */2 1,15 jan-mar sun,7 www-data mail -s 50\\% ops%one%two
    @reboot root /usr/bin/screen -dmS x &
    -@daily root tidy
    @600 root poll
    """

  private static let unit = """
    [Unit]
    Description=Nightly %i
    After=network-online.target a.service
    [Timer]
    OnCalendar=Mon..Fri,Sun 2027..2030/2-1,2~7/1 0/4:00,30:15.5 Europe/Berlin
    OnUnitActiveSec=1h 30min 2.5s
    RandomizedDelaySec=10min
    [Service]
    Type=oneshot
    User=app
    Environment="A=b c" 'D=e\\x20f' G=%h
    EnvironmentFile=-/etc/default/x
    ExecStart=-@!/usr/bin/x "${A}" $B 'c \\u00e4' \\
      d ; /usr/bin/y
    TimeoutStartSec=infinity
    Restart=on-failure
    StandardOutput=append:/var/log/x
    """

  private static let settings = """
    [Frequency]
    EveryXMinutes = 1440
    AllowedFrom = 02:00
    AllowedTo = 04:00
    [Global]
    Enabled = True
    Testing: False
    """

  /// The same numbers in every run.
  private struct Numbers {
    var state: UInt64

    mutating func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % max(1, bound)
    }
  }

  private static func mangled(_ text: String, seed: Int) -> String {
    var numbers = Numbers(state: UInt64(seed) &* 2_654_435_761 &+ 1)
    var bytes = Array(text.utf8)
    let favourites = Array("*/-~,%\\\"'=[]#;:@.0123456789\0\n\r\t ÄL?".utf8) + [0xFF, 0xC3]
    for _ in 0...numbers.next(12) where !bytes.isEmpty {
      let place = numbers.next(bytes.count)
      switch numbers.next(5) {
      case 0: bytes.remove(at: place)
      case 1: bytes[place] = favourites[numbers.next(favourites.count)]
      case 2: bytes.insert(favourites[numbers.next(favourites.count)], at: place)
      case 3:
        bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 1 + numbers.next(20))], at: place)
      default: bytes.removeSubrange(place..<min(bytes.count, place + numbers.next(30)))
      }
    }
    return ImportFile.text(of: bytes)
  }

  @Test("loses no line of a crontab in silence, whatever is in it")
  func crontabs() {
    for seed in 0..<100 {
      let text = Self.mangled(Self.crontab, seed: seed)
      for hasUsers in [true, false] {
        let crontab = Crontab(text, hasUsers: hasUsers)
        let imported = CrontabImporter(users: Self.users, hasUsers: hasUsers).jobs(of: text, name: "c")
        #expect(
          imported.jobs.count + imported.problems.count == crontab.entries.count + crontab.problems.count,
          "\(text)")
        for job in imported.jobs { #expect(job.text.contains("function main()"), "\(text)") }
      }
    }
  }

  @Test("makes a job of every timer, whatever is in it")
  func units() {
    let machine = SystemdImporter.Machine(host: "h", users: Self.users, unitFolders: [])
    for seed in 0..<200 {
      let text = Self.mangled(Self.unit, seed: seed)
      var unit = UnitFile()
      unit.read(text, file: "x.timer")
      let job = TimerJob(
        name: "x@y.timer", file: "x.timer", timer: unit, serviceName: "x@y.service", service: unit,
        machine: machine
      ).imported
      #expect(job.text.contains("function main()"), "\(text)")
      // Without a schedule, it is said why.
      #expect(job.text.contains("schedule = {") || !job.notes.isEmpty, "\(text)")
    }
  }

  @Test("reads settings of tasks, whatever is in them")
  func tasks() {
    for seed in 0..<500 {
      let text = Self.mangled(Self.settings, seed: seed)
      let settings = TaskSettings(text)
      let lines = Lines.of(text).filter { line in
        guard let first = line.trimmed.first else { return false }
        return !"#;[".contains(first)
      }
      #expect(settings.settings.count + settings.problems.count >= lines.count, "\(text)")
    }
  }
}
