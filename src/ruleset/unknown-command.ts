/** Commands of a script that are not known, and yet are meant to make rules: misspelt ones, and those of firewalld. */
import { editDistance } from '../diagnostic/suggest.ts'
import { type Finding, shown } from './diagnostic.ts'
import type { Word } from './word.ts'

const tools = [
  ...['iptables', 'ip6tables', 'ipset'],
  ...[
    'iptables-restore',
    'ip6tables-restore',
    'iptables-legacy',
    'ip6tables-legacy',
    'iptables-nft',
    'ip6tables-nft',
  ],
]
/** Near in letters, and something else. */
const others = new Set(['ebtables', 'arptables', 'nftables', 'xtables', 'ipsec'])
const programs: Readonly<Record<string, string>> = { ipv4: 'iptables', ipv6: 'ip6tables' }

/**
 * @param base The program without its path, at the end of `program`.
 * @param text The whole script.
 */
export function unknownCommand(program: Word, base: string, words: readonly Word[], text: string): Finding {
  return (
    directRule(program, base, words) ??
    misspelt(program, base, text) ?? {
      code: 'shell',
      // What jumps is a rule, whatever it is called.
      severity:
        !others.has(base) && words.some((word) => /^(?:-j|--jump)$/.test(word.text)) ? 'error' : 'warning',
      message: `${shown(base)} is not known here: the command is left out`,
    }
  )
}

function misspelt({ end }: Word, base: string, text: string): Finding | null {
  if (others.has(base)) return null
  let nearest: string | null = null
  let limit = base.length < 6 ? 1 : 2
  for (const tool of tools) {
    const distance = editDistance(base.toLowerCase(), tool, limit)
    if (distance > limit) continue
    nearest = tool
    limit = distance - 1
  }
  if (nearest === null) return null
  const position = end - base.length
  const isLiteral = text.slice(position, end) === base
  return {
    code: 'shell',
    message: `${shown(base)} is not known here: what it does would be missing`,
    suggestion: nearest,
    fixes: isLiteral ? [{ position, length: base.length, text: nearest }] : [],
  }
}

/**
 * `ipv4 filter INPUT 0 …`, as `firewall-cmd --direct --get-all-rules` lists it and `--add-rule` takes it, and
 * `--add-chain` and `--passthrough` (firewalld.direct).
 */
function directRule(program: Word, base: string, words: readonly Word[]): Finding | null {
  const all = [program, ...words]
  const verb = all.findIndex(({ text }) => /^--(?:add-rule|add-chain|passthrough)$/.test(text))
  const isCommand = base === 'firewall-cmd' && verb > 0
  if (!isCommand && programs[base] === undefined) return null
  const what = isCommand ? all[verb]!.text : '--add-rule'
  const [family, table, chain, priority] = all.slice(isCommand ? verb + 1 : 0)
  const tool = programs[family?.text ?? '']
  if (family === undefined || tool === undefined) return null
  let last = family
  let replacement = tool
  if (what !== '--passthrough') {
    if (table === undefined || chain === undefined) return null
    const isRule = what === '--add-rule'
    if (isRule && !/^-?\d+$/.test(priority?.text ?? '')) return null
    last = isRule ? priority! : chain
    const option = table.text === 'filter' ? '' : `-t ${table.text} `
    replacement = `${tool} ${option}${isRule ? '-A' : '-N'} ${chain.text}`
  }
  const order = what === '--add-rule' ? '; of its priority the order of the lines is left' : ''
  return {
    code: 'shell',
    message: `this is a direct rule of firewalld, which is not run here: it would be missing${order}`,
    suggestion: replacement,
    fixes: [{ position: program.start, length: last.end - program.start, text: replacement }],
  }
}
