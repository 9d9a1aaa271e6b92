import JobWriting
import Testing

@testable import Importers

@Suite("CrontabImporter") struct CrontabImporterTests {
  private let importer = CrontabImporter(
    users: Users(current: "root") { ["root": "/root", "www-data": "/var/www"][$0] })

  private func job(_ text: String) throws -> ImportedJob {
    let imported = importer.jobs(of: text, name: "ops.cron")
    #expect(imported.problems == [])
    return try #require(imported.jobs.first)
  }

  @Test("writes a job as a person would")
  func readable() throws {
    let job = try job("# Dumps the shop.\n30 2 * * 1-5 /usr/local/bin/dump.sh --all\n")
    #expect(job.name == "dump")
    #expect(job.notes == [])
    #expect(
      job.text == """
        -- Dumps the shop.
        -- From ops.cron, line 2: 30 2 * * 1-5 /usr/local/bin/dump.sh --all

        local process = require "almanac.process"

        schedule = {
          cron = "30 2 * * 1-5",
          overlap = "parallel",  -- cron does not look whether the last run has ended
          time_limit = "0s",  -- nor does it ever end one
          env = { PATH = "/usr/bin:/bin" },
        }

        function main()
          assert(process.shell("/usr/local/bin/dump.sh --all", { cwd = "~", check = true, log = true }))
        end

        """)
  }

  @Test("gives the command cron's shell, user, home and input")
  func surroundings() throws {
    let job = try job(
      "SHELL=/bin/bash\nCRON_TZ=Europe/Berlin\n@hourly www-data wc -l%one%two\n@daily root x\n")
    #expect(job.text.contains(#""runuser""#))
    #expect(job.text.contains(#""/bin/bash""#))
    #expect(job.text.contains(#"cwd = "/var/www""#))
    #expect(job.text.contains("stdin = [[\none\ntwo\n]]"))
    #expect(job.text.contains(#"HOME = "/var/www""#))
    #expect(job.text.contains(#"time_zone = "Europe/Berlin""#))
    #expect(job.notes == [])
  }

  @Test("has the output mailed where MAILTO says so")
  func mail() throws {
    let job = try job("MAILTO=ops@example.com,root\n0 5 * * * tidy\n")
    #expect(job.text.contains(#"to = { "ops@example.com", "root@localhost" }"#))
    #expect(job.notes == [])
    #expect(try !self.job("MAILTO=\"\"\n0 5 * * * tidy\n").text.contains("notify"))
  }

  @Test("a random delay is for times, and said where it is for none")
  func randomDelay() throws {
    #expect(try job("RANDOM_DELAY=45\n0 5 * * * x").text.contains(#"jitter = "45m""#))
    let text = try job("RANDOM_DELAY=45\n@reboot x").text
    #expect(text.contains(#"on = "boot",  -- cron adds RANDOM_DELAY=45 to times, and not to @reboot"#))
    #expect(!text.contains("jitter"))
  }

  @Test(
    "says what cannot be as it was",
    arguments: [
      ("0 0 30 2 * x", "0 0 30 2 *"), ("5/15 * * * * x", "minute 5/15"), ("0 22-2 * * * x", "hour 22-2"),
      ("0 0 * * 5L x", "day of week 5L"), ("-0 5 * * * x", "-"), ("0 5 * * * -q x", "-q"),
      ("CRON_TZ=Mars/Base\n0 5 * * * x", "CRON_TZ=Mars/Base"), ("LOGNAME=x\n0 5 * * * x", "LOGNAME=x"),
      ("RANDOM_DELAY=soon\n0 5 * * * x", "RANDOM_DELAY=soon"), ("@reboot x &", "&"),
      ("@reboot /usr/bin/tmux new-session -d -s main", "tmux"),
    ])
  func notes(text: String, subject: String) throws {
    let job = try job(text)
    #expect(job.notes.map(\.subject) == [subject])
    #expect(job.text.contains("--   \(subject): "))
  }

  @Test(
    "keeps what cron means by its times",
    arguments: [
      ("10~20 3 * * *", #"cron = "H(10-20) 3 * * *""#), ("~ ~ * * *", #"cron = "H(0-59) H(0-23) * * *""#),
      ("0~29/10 * * * *", #"cron = "H(0-29)/10 * * * *""#), ("*/90 1 * * *", #"cron = "0 1 * * *""#),
      ("@reboot", #"on = "boot""#), ("@Weekly", #"cron = "@weekly""#), ("@600", #"restart_after = "10m""#),
    ])
  func times(when: String, written: String) throws {
    let job = try job("\(when) x")
    #expect(job.text.contains(written))
    #expect(job.notes == [])
  }

  @Test("runs a crontab of cron's spool as the user whose it is")
  func owners() throws {
    let imported = importer.jobs(of: "0 5 * * * root tidy\n", name: "www-data", owner: "www-data")
    let job = try #require(imported.jobs.first)
    #expect(job.text.contains(#""runuser", "-u", "www-data", "--", "/bin/sh", "-c", "root tidy""#))
    #expect(job.text.contains(#"cwd = "/var/www""#))
  }

  @Test("refuses a line that cron refuses, and goes on")
  func problems() {
    let imported = importer.jobs(of: "61 * * * * x\n@often y\n0 5 * * * z\n", name: "c")
    #expect(imported.jobs.map(\.name) == ["z"])
    #expect(imported.problems.count == 2)
    #expect(imported.problems.first?.hasPrefix("c:1: ") == true)
  }

  @Test(
    "names a job after the program that does the work",
    arguments: [
      ("cd /srv && /usr/local/bin/dump.sh --all", "dump"), ("nice -n 10 ionice -c3 rsync -a x y", "rsync"),
      ("test -x /usr/sbin/anacron || run-parts --report /etc/cron.daily", "cron.daily"),
      ("/usr/bin/flock -n /tmp/a.lock /usr/bin/php /srv/app/cron.php", "cron"),
      ("sudo -u www-data php -f /var/www/cron.php", "cron"), ("A=b python3 /opt/x.py > /dev/null 2>&1", "x"),
      ("[ -x /usr/bin/certbot ] && certbot -q renew", "certbot"), ("", "job"), ("'", "job"), ("bash", "bash"),
      ("timeout 10m backup", "backup"),
    ])
  func names(command: String, name: String) {
    #expect(CommandName.of(command) == name)
  }
}
