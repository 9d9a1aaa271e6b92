import Scheduling

/// A trigger's account as the store keeps it, apart from the ledger's rows and their retention.
public struct StoredAccount: Sendable, Equatable {
  /// `Trigger.accountKey`.
  public var triggerKey: String
  /// `Schedule.fingerprint(of:)` of the trigger that the account belongs to; empty for a trigger that is
  /// not live any more, so that it counts from the moment it comes back.
  public var fingerprint: String
  public var account: TriggerAccount
  /// What a trigger that does not follow the clock remembers: the boot that it has seen, files as they were.
  public var memo: String?

  public init(triggerKey: String, fingerprint: String, account: TriggerAccount, memo: String? = nil) {
    self.triggerKey = triggerKey
    self.fingerprint = fingerprint
    self.account = account
    self.memo = memo
  }

  /// What ``fingerprint`` is for a trigger that is not live.
  public static let retired = ""
}

/// A move of an account, written in the same transaction as the rows that cover its instants.
public struct AccountChange: Sendable, Equatable {
  public var job: JobKey
  public var triggerKey: String
  public var fingerprint: String
  public var account: TriggerAccount
  public var memo: String?

  public init(
    job: JobKey, triggerKey: String, fingerprint: String, account: TriggerAccount, memo: String? = nil
  ) {
    self.job = job
    self.triggerKey = triggerKey
    self.fingerprint = fingerprint
    self.account = account
    self.memo = memo
  }

  /// Marks an account as that of a trigger that is not live: for jobs that were removed while no daemon
  /// looked. The last due instant is kept, so that an `every` that comes back keeps its rhythm.
  public static func retiring(_ stored: StoredAccount, of job: JobKey) -> AccountChange {
    AccountChange(
      job: job, triggerKey: stored.triggerKey, fingerprint: StoredAccount.retired, account: stored.account,
      memo: stored.memo)
  }
}
