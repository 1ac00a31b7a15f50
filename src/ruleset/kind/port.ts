import { suggest } from '../../diagnostic/suggest.ts'
import { shown } from '../diagnostic.ts'
import { type Kind, Refusal, type ValueContext } from '../extension.ts'
import { parseNumber } from '../number.ts'
import { serviceNames, servicePort } from '../services.ts'
import type { Range } from './number.ts'

const PORT_MAX = 65535

/** A number or the name of a service. */
export function readPort(text: string, context: ValueContext): number | Refusal {
  const number = parseNumber(text)
  if (number !== null) {
    return number <= PORT_MAX ? number : new Refusal(`port ${shown(text)} is outside 0–${PORT_MAX}`)
  }
  const port = servicePort(text, context.protocol)
  if (port !== null) return port
  if (text === '') return new Refusal('a port is missing')
  if (servicePort(text, null) !== null) {
    return new Refusal(`the service ${shown(text)} has no port in this protocol`, {
      replacement: String(servicePort(text, null)),
    })
  }
  return new Refusal(`${shown(text)} is no port and no known service`, {
    suggestion: suggest(text, serviceNames),
  })
}

/** The usual slips, told apart from a name that is not known. */
function slip(text: string): Refusal | null {
  if (/^\d+-\d+$/.test(text)) {
    return new Refusal('a range of ports is written with a colon', { replacement: text.replace('-', ':') })
  }
  if (/^[\w:]+(,[\w:]+)+$/.test(text)) {
    return new Refusal('only one port or range stands here; a list needs -m multiport --dports or --sports')
  }
  return null
}

export interface PortRangeKind {
  /** Ends may be reversed: never matches. */
  readonly reversed: 'refused' | 'accepted'
  /** As getaddrinfo reads ports: decimal only, and services of any protocol. */
  readonly decimal?: boolean
}

/** As getaddrinfo reads ports: no hexadecimal, and leading zeros are no octal. */
export function readDecimalPort(text: string, context: ValueContext): number | Refusal {
  if (/^0[xX]/.test(text)) return new Refusal(`port ${shown(text)} must be decimal here`)
  return readPort(text.replace(/^\s*\+?0*(?=\d)/, ''), { ...context, protocol: null })
}

/** `PORT`, `A:B`, `A:`, `:B`. */
export function portRange({ reversed, decimal = false }: PortRangeKind): Kind<Range> {
  const read = decimal ? readDecimalPort : readPort
  return {
    usage: 'PORT[:PORT]',
    expected: 'a port (0–65535), a service, or a range A:B',
    examples: () => ['0', '22', '65535', '1:1024', ':7', '1024:', '22:22', decimal ? '010' : '0x50'],
    words: 1,
    read([text], context) {
      const colon = text!.indexOf(':')
      if (colon < 0) {
        const port = read(text!, context)
        return port instanceof Refusal ? (slip(text!) ?? port) : { from: port, to: port }
      }
      const low = text!.slice(0, colon)
      const high = text!.slice(colon + 1)
      const from = low === '' ? 0 : read(low, context)
      const to = high === '' ? PORT_MAX : read(high, context)
      if (from instanceof Refusal) return from
      if (to instanceof Refusal) return to
      if (from > to && reversed === 'refused') {
        return new Refusal(`the range begins behind its end`, { replacement: `${high}:${low}` })
      }
      return { from, to }
    },
    print: ({ from, to }) => (from === to ? String(from) : `${from}:${to}`),
  }
}
