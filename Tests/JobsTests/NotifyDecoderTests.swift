import Notifying
import Scheduling
import Testing
import Values

@testable import Jobs

@Suite("NotifyDecoder") struct NotifyDecoderTests {
  /// What `notify` says at the top of a table, and what is wrong with it.
  private static func decode(_ value: DataValue) -> (NotifySettings, [Problems.Problem]) {
    let problems = Problems()
    var reader = TableReader(DataTable(fields: ["notify": value]), at: "", problems)
    let settings = NotifyDecoder.decode(&reader, "notify") ?? NotifySettings()
    return (settings, problems.all)
  }

  @Test("reads every key")
  func whole() throws {
    let (settings, problems) = Self.decode([
      "on": .list(["failed", "missed"]), "webhook": "https://h/hook",
      "email": .list(["ops@h", "Night <n@h>"]), "ntfy": "my-topic", "ping": "https://p/uuid",
      "long_running": "90m",
      "smtp": [
        "host": "mail.h", "user": "me", "password": "secret", "from": "a@h", "tls": "starttls",
        "ca_file": "/etc/own.pem",
      ],
    ])
    #expect(problems.isEmpty)
    #expect(settings.on == [.failed, .missed])
    #expect(settings.webhook == ["https://h/hook"] && settings.ntfy == ["my-topic"])
    #expect(settings.email?.map(\.text) == ["ops@h", "\"Night\" <n@h>"])
    #expect(settings.pingURL == "https://p/uuid" && settings.longRunningLimit == .minutes(90))
    let server = try #require(settings.mail?.server)
    #expect(server.authority == "mail.h:587" && server.security == .starttls && server.from?.address == "a@h")
    #expect(settings.mail?.table["password"] == "secret")
    #expect(settings.tells(.failed) && settings.tells(.longRunning) && !settings.tells(.recovered))
  }

  @Test("a job's settings go before the configuration's, key by key, and false takes one away")
  func completed() {
    let (defaults, _) = Self.decode([
      "on": "missed", "email": "ops@h", "webhook": "http://h/", "ping": "http://p/", "long_running": "1h",
    ])
    func settings(_ value: DataValue) -> NotifySettings {
      Self.decode(value).0.completed(by: defaults)
    }
    #expect(settings(.object([:])) == defaults)
    let own = settings(["on": "failed", "webhook": false, "ping": false])
    #expect(own.tells(.failed) && !own.tells(.missed))
    #expect(own.webhook == [] && own.pingURL == nil && own.email?.count == 1)
    #expect(settings(["long_running": false]).longRunningLimit == nil)
    let off = settings(false)
    #expect(NotifySettings.Event.allCases.allSatisfy { !off.tells($0) } && off.pingURL == nil)
  }

  @Test(
    "what is wrong is told with its place",
    arguments: [
      (["on": "faild"], "notify.on", "did you mean \"failed\"?"),
      (["on": .list(["failed", 5])], "notify.on[2]", "5 is a number, not one of"),
      (["on": "long_running"], "notify.on", "write long_running = \"1h\" beside it"),
      (["long_running": 60], "notify.long_running", "add a unit"),
      (["email": "ops"], "notify.email", "\"ops\" is not a mail address: it has no \"@\""),
      (["webhook": "h"], "notify.webhook", "does not begin with http:// or https://"),
      (["ntfy": "a b"], "notify.ntfy", "is no topic"),
      (["ping": 5], "notify.ping", "5 is a number, not a URL"),
      (["smtp": "h"], "notify.smtp", "not a table: smtp = { host = \"mail.example.com\" }"),
      (
        ["smtp": ["tls": "yes"]], "notify.smtp.tls", "is not one of \"auto\", \"starttls\", \"tls\", \"none\""
      ),
      (["smtp": ["ca_file": "own.pem"]], "notify.smtp.ca_file", "does not begin with /"),
      (["smtp": ["username": "x"]], "notify.smtp.username", "did you mean `user`?"),
      (["host": "h"], "notify.host", "belongs into `smtp = { host = ... }`"),
      (["mail": "a@h"], "notify.mail", "did you mean `email`?"),
      (true, "notify", "true says nothing"), ("ops@h", "notify", "not a table"),
    ] as [(DataValue, String, String)])
  func problems(value: DataValue, place: String, message: String) {
    let (_, problems) = Self.decode(value)
    #expect(problems.count == 1)
    #expect(problems.first?.place == place)
    #expect(problems.first?.message.contains(message) == true, "\(problems.first?.message ?? "")")
  }
}
