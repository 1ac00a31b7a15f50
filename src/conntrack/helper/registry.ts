import { ftpHelper } from './ftp.ts'
import type { Helper } from './helper.ts'
import { tftpHelper } from './tftp.ts'

export const helpers: readonly Helper[] = [ftpHelper(), tftpHelper]

/** Helpers that Linux has and this engine has not, by the names that `--helper` takes. */
export const missingHelpers: readonly string[] = [
  'amanda',
  'H.245',
  'irc',
  'netbios-ns',
  'pptp',
  'Q.931',
  'RAS',
  'sane',
  'sip',
  'snmp',
]

/** The helper of that name, as `-j CT --helper` takes it: `ftp`, `tftp`; null for any other. */
export function findHelper(name: string): Helper | null {
  return helpers.find((helper) => helper.name === name) ?? null
}
