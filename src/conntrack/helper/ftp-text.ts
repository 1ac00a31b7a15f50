/** What NAT writes in place of an address and a port in FTP's control connection (nf_nat_ftp_fmt_cmd). */
import { formatIPv4, formatIPv6Full } from '../../packet/address.ts'
import { FAMILY_IPV4 } from '../../packet/packet.ts'
import type { AddressWords } from '../expectation.ts'

/** `kind` as `FtpKind`, or null for another. */
export function ftpText(kind: string, family: number, address: AddressWords, port: number): string | null {
  const [word] = address
  switch (kind) {
    case 'PORT':
    case 'PASV':
      return [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255, port >>> 8, port & 255].join()
    case 'EPRT':
      return family === FAMILY_IPV4
        ? `|1|${formatIPv4(word)}|${port}|`
        : `|2|${formatIPv6Full(...address)}|${port}|`
    case 'EPSV':
      return `|||${port}|`
    default:
      return null
  }
}
