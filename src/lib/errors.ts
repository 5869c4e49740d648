/** Errors that a caller can act on, each with its HTTP status. */
export const httpStatus = {
  BAD_ADDRESS: 422,
  BAD_PREFERENCE: 422,
  TOO_MANY_SIGN_UPS: 429,
  ADDRESS_TAKEN: 409,
  TOKEN_UNKNOWN: 404,
  TOKEN_EXPIRED: 410,
  BAD_PAPER: 422,
  PAPER_NOT_FOUND: 404,
  NOT_A_READER: 403,
  EDITION_NOT_FOUND: 404,
  EDITION_EMPTY: 409,
  EDITION_STATE: 409,
  EDITION_CHANGED: 409,
  BAD_EDITION: 422,
  MAILING_HALTED: 409,
  BACKUP_INVALID: 422,
  BAD_IMPORT: 422,
  DATABASE_NOT_EMPTY: 409,
  IMPORT_NOT_FOUND: 404,
  IMPORT_STATE: 409,
  SOURCE_UNAVAILABLE: 502,
  BAD_KEY: 401,
  KEY_LACKS_SCOPE: 403,
  READER_NOT_FOUND: 404,
  OPTED_OUT: 409,
  BAD_CURSOR: 422,
  BAD_IDEMPOTENCY_KEY: 422,
  REQUEST_DIFFERS: 422,
  REQUEST_RUNNING: 409,
  BAD_WEBHOOK: 422,
  NOT_FOUND: 404,
  SESSION_NOT_FOUND: 404,
} as const

export type ErrorCode = keyof typeof httpStatus

/** An error that the caller can act on: `code` for programs, `message` for people, safe to show. */
export class PaperboyError extends Error {
  override readonly name = 'PaperboyError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
