/** What tells of the host cannot be read: where, and what is wrong. */
export class HostError extends Error {
  /** Tells it from other errors. */
  override readonly name = 'HostError'
  /** Offset in the text. */
  readonly position: number
  /** Characters that are meant. */
  readonly length: number

  /** `message` is a sentence without a full stop. */
  constructor(message: string, position: number, length = 1) {
    super(message)
    this.position = position
    this.length = length
  }
}

/** A piece of a text in a message: quoted, short, on one line. */
export function quoted(text: string): string {
  return `"${text.length > 40 ? `${text.slice(0, 40)}…` : text}"`
}
