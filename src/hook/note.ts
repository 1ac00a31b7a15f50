/** What targets say about a packet, as data. */

/** LOG. */
export interface LogNote {
  readonly kind: 'log'
  /** As Linux keeps it: 29 bytes at most. */
  readonly prefix: string
  /** 0–7. */
  readonly level: number
  readonly tcpSequence: boolean
  readonly tcpOptions: boolean
  readonly ipOptions: boolean
  readonly uid: boolean
  readonly macDecode: boolean
}

/** NFLOG. */
export interface NflogNote {
  readonly kind: 'nflog'
  readonly prefix: string
  readonly group: number
}

export type Note = LogNote | NflogNote
