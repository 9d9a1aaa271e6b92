import JobWriting
import Testing

@testable import Importers

@Suite("Crontab") struct CrontabTests {
  @Test("reads entries with the environment and the comment above them")
  func entries() {
    let crontab = Crontab(
      """
      # m h dom mon dow command
      PATH=/usr/local/bin:/usr/bin
      MAILTO = "ops@example.com"

      # Dumps the shop.
      30 2 * * * dump --all
      PATH=/opt/bin
      @daily\ttidy 50\\% of % first%second
      """, hasUsers: false)
    #expect(crontab.problems.isEmpty)
    #expect(
      crontab.entries == [
        Crontab.Entry(
          line: 6, text: "30 2 * * * dump --all", when: ["30", "2", "*", "*", "*"], user: nil, flags: [],
          command: "dump --all", input: nil,
          environment: [
            .init(name: "PATH", value: "/usr/local/bin:/usr/bin"),
            .init(name: "MAILTO", value: "ops@example.com"),
          ], comments: ["Dumps the shop."]),
        Crontab.Entry(
          line: 8, text: "@daily\ttidy 50\\% of % first%second", when: ["@daily"], user: nil, flags: [],
          command: "tidy 50% of", input: " first\nsecond\n",
          environment: [
            .init(name: "MAILTO", value: "ops@example.com"), .init(name: "PATH", value: "/opt/bin"),
          ],
          comments: []),
      ])
  }

  @Test(
    "keeps comments with the entry below them, at the end with the last, and no distribution's explanations")
  func comments() {
    let crontab = Crontab(
      """
      # Edit this file to introduce tasks to be run by cron.
      #
      # For more information see the manual pages of crontab(5)
      # m h  dom mon dow   command
      # The shop's own.

      #0 1 * * * old
      PATH=/bin
      ##
      # Every hour.
      @hourly one
      # * * * * *  command to be executed
      @daily two

      # That was all.
      """, hasUsers: false)
    #expect(
      crontab.entries.map(\.comments) == [["The shop's own.", "", "0 1 * * * old", "", "Every hour."], []])
    #expect(crontab.entries.map(\.below) == [[], ["That was all."]])
  }

  @Test(
    "ends what the command reads with one line break",
    arguments: [("x%a", "a\n"), ("x%a%", "a\n"), ("x%%b%%", "\nb\n\n"), ("x%", nil), ("x \\% y", nil)]
      as [(String, String?)])
  func input(command: String, input: String?) {
    #expect(Crontab("@daily " + command, hasUsers: false).entries.map(\.input) == [input])
  }

  @Test("tells what is no entry, with its line")
  func problems() {
    let crontab = Crontab("* * * *\n* * * * * \n@daily\n", hasUsers: false)
    #expect(crontab.entries.isEmpty)
    #expect(crontab.problems.map(\.line) == [1, 2, 3])
    #expect(crontab.problems[1].message == "the command is missing")
  }

  @Test(
    "sees whether entries name a user",
    arguments: [
      ("17 * * * * root cd / && run-parts /etc/cron.hourly", true),
      ("* * * * * www-data php cron.php\n@daily root tidy", true),
      ("* * * * * /usr/bin/tidy --all", false),
      // A user whom nobody knows here.
      ("* * * * * deploy /srv/x\n@daily root tidy", true),
      ("* * * * * deploy /srv/x", false),
      ("*/5 * * * * munin if [ -x /usr/bin/munin-cron ]; then /usr/bin/munin-cron; fi", true),
      ("* * * * * time cd /srv\n", false),
      // A user of Debian's, and a program.
      ("* * * * * backup /home", false),
      ("* * * * * root\n", false),
      ("* * * * * /root/x root\n@daily root x", false),
      ("", false),
    ])
  func users(text: String, expected: Bool) {
    let known: Set = ["root", "www-data", "backup"]
    #expect(Crontab.hasUsers(text) { known.contains($0) } == expected)
  }
}
