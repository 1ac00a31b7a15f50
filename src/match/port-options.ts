/** `--sport` and `--dport` of the matches that look at ports. */
import { type Kind, option } from '../ruleset/extension.ts'
import type { Range } from '../ruleset/kind/number.ts'

/** Both options with the kind of port that the match takes. */
export function portOptions(ports: Kind<Range>) {
  return {
    sport: option(ports, {
      names: ['--sport', '--source-port'],
      summary: 'source port or range',
      invertible: true,
    }),
    dport: option(ports, {
      names: ['--dport', '--destination-port'],
      summary: 'destination port or range',
      invertible: true,
    }),
  }
}
