import FoundationEssentials
import JobWriting
import Testing

@testable import Importers

@Suite("SystemdImporter") struct SystemdImporterTests {
  private static let machine = SystemdImporter.Machine(
    host: "db1.example.com",
    users: Users(current: "root") { ["root": "/root", "app": "/srv/app"][$0] }, unitFolders: [])

  /// What comes of unit files, given by name.
  private func imported(_ files: [String: String], at path: String = "") throws -> Imported {
    let folder = FileManager.default.temporaryDirectory.path() + "/units-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for (name, text) in files {
      let file = "\(folder)/\(name)"
      let parent = file.split(separator: "/").dropLast().map { "/" + $0 }.joined()
      try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
      try text.write(toFile: file, atomically: false, encoding: .utf8)
    }
    return SystemdImporter(machine: Self.machine).jobs(at: path.isEmpty ? folder : "\(folder)/\(path)")
  }

  private func job(timer: String, service: String) throws -> ImportedJob {
    let imported = try imported(["x.timer": "[Timer]\n" + timer, "x.service": "[Service]\n" + service])
    #expect(imported.problems == [])
    return try #require(imported.jobs.first)
  }

  @Test("writes a job as a person would")
  func readable() throws {
    let imported = try imported([
      "backup.timer": """
      [Unit]
      Description=Nightly backup
      [Timer]
      OnCalendar=*-*-* 02:30:00
      RandomizedDelaySec=10min
      Persistent=true
      [Install]
      WantedBy=timers.target
      """,
      "backup.service": """
      [Unit]
      Description=Back the shop up
      [Service]
      Type=oneshot
      ExecStart=/usr/bin/rsync -a --delete \\
        /srv/shop/ "/mnt/back up/"
      TimeoutStartSec=1h
      Restart=on-failure
      RestartSec=5min
      StartLimitIntervalSec=0
      """,
    ])
    #expect(imported.problems == [])
    let job = try #require(imported.jobs.first)
    #expect(job.name == "backup")
    #expect(job.notes == [])
    let lines = job.text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.prefix(2) == ["-- Nightly backup", "-- Back the shop up"])
    #expect(
      lines.dropFirst(3).joined(separator: "\n") == """

        local process = require "almanac.process"

        schedule = {
          daily = { at = "02:30" },
          jitter = "10m",
          start_when_available = true,
          time_limit = "1h",
          retry = { count = 1000000, interval = "5m" },
        }

        function main()
          assert(process.run {
            "/usr/bin/rsync", "-a", "--delete", "/srv/shop/", "/mnt/back up/", cwd = "/", log = true,
            check = true,
          })
        end

        """)
  }

  @Test(
    "gives each kind of elapse its trigger",
    arguments: [
      ("OnBootSec=5min\nOnUnitActiveSec=1h", #"{ on = "boot", delay = "5m" }, { every = "1h" }"#),
      ("OnActiveSec=30", #"on = "startup""#),
      ("OnBootSec=1\nOnUnitInactiveSec=90s", #"{ restart_after = "1m30s" }"#),
      ("OnCalendar=daily\nOnCalendar=\nOnCalendar=hourly", #"cron = "0 * * * *""#),
      ("OnCalendar=Sun 4:00 Europe/Berlin", #"time_zone = "Europe/Berlin""#),
      ("OnCalendar=Mon *-*-1..7,22 9:00", #"day_match = "and""#),
    ])
  func triggers(timer: String, written: String) throws {
    let job = try job(timer: timer, service: "ExecStart=/bin/true")
    #expect(job.text.contains(written))
    #expect(job.notes == [])
  }

  @Test("runs the commands around the main one as systemd does")
  func commands() throws {
    let job = try job(
      timer: "OnCalendar=daily",
      service: """
        Type=oneshot
        User=app
        WorkingDirectory=~
        Environment="DIR=/srv/my files" MODE=fast
        EnvironmentFile=-/etc/default/app
        ExecCondition=/usr/bin/test -e /srv/go
        ExecStartPre=-/usr/bin/mkdir ${DIR}
        ExecStartPre=+/usr/bin/chown app /srv
        ExecStart=/usr/bin/app --dir=${DIR} $FLAGS 100%% ; /usr/bin/done 'a "b"'
        ExecStopPost=/usr/bin/rm -f /run/app
        SuccessExitStatus=0 3 DATAERR
        StandardOutput=append:/var/log/app.log
        """)
    #expect(job.notes == [])
    let text = job.text
    for variable in [#"HOME = "/srv/app""#, #"USER = "app""#, #"DIR = "/srv/my files""#, #"MODE = "fast""#] {
      #expect(text.contains(variable))
    }
    #expect(text.contains(#"add_variables(env, "/etc/default/app", true)"#))
    #expect(text.contains("  need {"))
    #expect(text.contains(#"[[exec /usr/bin/mkdir "${DIR}"]]"#))
    #expect(text.contains("-- it may fail"))
    #expect(text.contains(#"    "/usr/bin/chown", "app", "/srv", cwd = "/srv/app""#))
    #expect(text.contains(#"[[set -f; exec /usr/bin/app --dir="${DIR}" $FLAGS 100%]]"#))
    #expect(text.contains(#""/usr/bin/done", [[a "b"]]"#))
    #expect(text.contains(#"stdout_file = "/var/log/app.log""#))
    #expect(text.contains("local fine = { [3] = true, [65] = true }"))
    #expect(text.contains("local done, err = pcall(work)"))
    #expect(text.contains(#"cwd = "/srv/app""#))
    #expect(text.contains(#""runuser", "-u", "app", "--""#))
  }

  @Test(
    "says what cannot be as it was",
    arguments: [
      ("WakeSystem=true", "", "WakeSystem=true"), ("FixedRandomDelay=yes", "", "FixedRandomDelay=yes"),
      ("OnCalendar=Foo", "", "OnCalendar=Foo"), ("OnCalendar=*-02-30", "", "OnCalendar=*-02-30"),
      ("OnCalendar=daily UTC", "", "OnCalendar=hourly"),
      ("Frobnicate=1", "", "Frobnicate=1"),
      ("", "ProtectSystem=full", "ProtectSystem=full"), ("", "MemoryMax=1G", "MemoryMax=1G"),
      ("", "Type=forking", "Type=forking"), ("", "Restart=always", "Restart=always"),
      ("", "ExecStop=/bin/x", "ExecStop=/bin/x"), ("", "LoadCredential=a:b", "LoadCredential=a:b"),
      ("", "RemainAfterExit=yes", "RemainAfterExit=yes"), ("", "[Unit]\nAfter=a.service", "After=a.service"),
      ("", "[Unit]\nConditionPathExists=!/x", "ConditionPathExists=!/x"),
      ("", "SuccessExitStatus=SIGKILL", "SuccessExitStatus=SIGKILL"),
    ])
  func notes(timer: String, service: String, subject: String) throws {
    let job = try job(timer: "OnCalendar=hourly\n" + timer, service: "ExecStart=/bin/true\n" + service)
    #expect(job.notes.map(\.subject) == [subject])
    #expect(job.text.contains("--   \(subject): "))
  }

  @Test("says each of the settings that add up, and the last of those that do not")
  func several() throws {
    let job = try job(
      timer: "OnCalendar=hourly\nWakeSystem=no\nWakeSystem=yes",
      service: """
        ExecStart=/bin/true
        LoadCredential=gone:/x
        LoadCredential=
        LoadCredential=a:/x
        LoadCredential=b:/x
        Type=notify
        Type=oneshot
        [Unit]
        ConditionCapability=CAP_A
        ConditionCapability=CAP_B
        After=one.service
        After=two.service network.target
        DefaultDependencies=no
        """)
    #expect(
      job.notes.map(\.subject) == [
        "WakeSystem=yes", "LoadCredential=a:/x", "LoadCredential=b:/x", "ConditionCapability=CAP_A",
        "ConditionCapability=CAP_B", "After=one.service", "After=two.service",
      ])
    #expect(job.text.contains("-- Without a meaning here: After=network.target, DefaultDependencies=no.\n"))
  }

  @Test("has systemd start what it does not see")
  func missing() throws {
    let imported = try imported(["x.timer": "[Timer]\nOnCalendar=daily\nUnit=other.service\n"])
    let job = try #require(imported.jobs.first)
    #expect(job.text.contains(#"process.run { "systemctl", "start", "other.service""#))
    #expect(job.notes.map(\.subject) == ["other.service"])
  }

  @Test("follows templates, specifiers and drop-ins")
  func templates() throws {
    let imported = try imported(
      [
        "dump@.timer": "[Timer]\nOnCalendar=daily\n[Install]\nDefaultInstance=main-db\n",
        "dump@.timer.d/10-when.conf": "[Timer]\nOnCalendar=\nOnCalendar=04:00\n",
        "dump@.service": "[Service]\nExecStart=/usr/bin/dump %i /var%f %p %H\n",
      ])
    #expect(imported.problems == [])
    let job = try #require(imported.jobs.first)
    #expect(job.name == "dump_main-db")
    #expect(job.text.contains(#"daily = { at = "04:00" }"#))
    #expect(job.text.contains(#""/usr/bin/dump", "main-db", "/var/main/db", "dump", "db1.example.com""#))
  }

  @Test("takes the instances of a template that are beside it")
  func instances() throws {
    let imported = try imported([
      "dump@.timer": "[Timer]\nOnCalendar=daily\n", "dump@a.timer": "[Timer]\nOnCalendar=daily\n",
      "timers.target.wants/dump@b.timer": "[Timer]\nOnCalendar=daily\n",
      "dump@.service": "[Service]\nExecStart=/usr/bin/dump %i\n",
    ])
    #expect(imported.problems == [])
    #expect(imported.jobs.map(\.name) == ["dump_a", "dump_b"])
  }

  @Test("tells what is no timer")
  func problems() throws {
    #expect(try imported(["a.txt": ""]).problems.first?.hasSuffix("there is no timer in this folder") == true)
    #expect(try imported(["a.service": ""], at: "a.service").problems.count == 1)
    #expect(try imported(["a.timer": "[Timer]\nnonsense\n"]).problems.count == 1)
    #expect(try imported(["t@.timer": "[Timer]\nOnCalendar=daily\n"]).problems.count == 1)
    #expect(SystemdImporter(machine: Self.machine).jobs(at: "/nowhere/x.timer").problems.count == 1)
  }
}

@Suite("ExecLine") struct ExecLineTests {
  @Test(
    "reads quotes and escapes",
    arguments: [
      (#"/bin/echo "a b" 'c d' e\x20f \"g"#, ["/bin/echo", "a b", "c d", "e f", "\"g"]),
      (#"-/bin/x a\tb \u00e4 \101 \q \;"#, ["/bin/x", "a\tb", "ä", "A", "\\q", ";"]),
      (#"/bin/x "" $$HOME a$b"#, ["/bin/x", "", "$HOME", "a$b"]), (#"/bin/x "open"#, ["/bin/x", "open"]),
    ])
  func words(text: String, words: [String]) throws {
    let command = try #require(ExecLine.commands(text) { $0 }.first)
    #expect(command.words.map(\.text) == words)
  }
}
