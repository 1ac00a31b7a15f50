import type { LintContext } from './context.ts'
import type { Check, Found } from './finding.ts'

const FTP = 21

export const helperWithoutCt: Check = {
  code: 'helper-without-ct',
  severity: 'warning',
  summary: 'a helper is relied on, and no CT rule gives it to connections',
  meaning:
    'Since Linux 6.0 (and by default since 4.7) no connection gets a helper by its port. Without `-j CT --helper` in table ' +
    'raw no data connection is expected: `-m helper` never matches, and none is RELATED.',
  silence: 'another program assigns the helper, or net.netfilter.nf_conntrack_helper is 1 on an old kernel',
  example: [
    '*filter',
    ':INPUT DROP [0:0]',
    '-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT',
    '-A INPUT -m conntrack --ctstate RELATED -m helper --helper ftp -j ACCEPT',
    '-A INPUT -p icmp -m conntrack --ctstate RELATED -j ACCEPT',
    'COMMIT',
  ],
  *find(context: LintContext): Iterable<Found> {
    const given = givenHelpers(context)
    for (const reach of context.tables) {
      for (const rule of context.living(reach)) {
        const use = rule.rule.matches.find(({ name }) => name === 'helper')
        if (use === undefined || use.options['helper']!.inverted) continue
        const name = String(use.options['helper']!.value)
        if (name === '' ? given.size > 0 : [...given].some((one) => name.startsWith(one))) continue
        yield context.found(reach, rule, {
          message: `${context.placeOf(rule, reach.node.table.name)} asks for the helper ${name === '' ? '(any)' : name}, which no CT rule gives to a connection: it never matches`,
          advice: 'in table raw',
          lines: ctLines(name === '' ? 'ftp' : name),
        })
      }
    }
  },
}

/** Names that CT rules give. */
function givenHelpers(context: LintContext): ReadonlySet<string> {
  return new Set(
    [...context.living(context.raw)].flatMap(({ rule }) => {
      const helper =
        rule.target?.kind === 'extension' && rule.target.name === 'CT'
          ? rule.target.options['helper']
          : undefined
      return helper === undefined ? [] : [String(helper.value)]
    }),
  )
}

function ctLines(name: string): string[] {
  const [protocol, port] = name === 'tftp' ? ['udp', 69] : ['tcp', FTP]
  const known = name === 'ftp' || name === 'tftp'
  return [`-A PREROUTING -p ${protocol} --dport ${known ? port : 'PORT'} -j CT --helper ${name}`]
}
