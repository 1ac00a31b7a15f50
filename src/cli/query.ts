/** `sallyport query`: which packets of a description the rules accept. */
import { type QueryAnswer, queryRuleset, type RuleReference } from '../analysis/query/query.ts'
import { NoQuestion } from '../analysis/query/question.ts'
import { printable } from '../diagnostic/printable.ts'
import { ordinal } from '../explain/number-words.ts'
import { FIRST_WORDS } from '../filter/vocabulary.ts'
import { readFilter } from './captures.ts'
import { defineCommand, ValueError } from './command.ts'
import { EXIT_CHECK_FAILED, EXIT_OK, EXIT_UNREADABLE } from './exit-codes.ts'
import { Failure, wrongUse } from './failure.ts'
import { Output } from './output.ts'
import { readRules } from './rules-file.ts'
import { setsMaker } from './run/rules.ts'
import { terminalOf } from './terminal.ts'

export const query = defineCommand({
  name: 'query',
  summary: 'tell which packets of a description iptables rules accept, with an example of each',
  usage: '[options] RULES EXPRESSION',
  positionals: [
    {
      name: 'RULES',
      sentence: 'what iptables-save prints, a file for iptables-restore, or a script; - is standard input',
    },
    {
      name: 'EXPRESSION',
      sentence:
        'the packets, in the words of replay: in eth0, out eth1, host, net, port, portrange, src, dst, tcp, udp, icmp, proto, ctstate NEW,INVALID, and, or, not, ( )',
    },
  ],
  completes: { files: true, words: [...FIRST_WORDS].filter((word) => /^\w+$/.test(word)) },
  options: {
    ipv6: { kind: 'flag', short: '6', group: 'Rules', sentence: 'rules for ip6tables' },
    ipset: {
      kind: 'list',
      parse: (text) => text,
      valueName: 'FILE',
      completes: 'files',
      group: 'Rules',
      sentence: 'the sets that -m set and -j SET name: what ipset save prints; examples have their addresses',
    },
    seconds: {
      kind: 'parsed',
      parse: parseSeconds,
      valueName: 'NUMBER',
      group: 'Rules',
      sentence: 'about so long it may take (5 by default); what is not decided then is told as undecided',
    },
    json: { kind: 'flag', group: 'Output', sentence: 'a JSON object for each answer, one a line' },
  },
  notes: [
    'Asked is about whole packets of connections that are not translated so far, by the way that they take: INPUT is to this host, FORWARD through it, OUTPUT from it. Each example was sent through the engine, and got that verdict by that rule.',
    'Exit code 1 where something is undecided: the rules cut the packets into more kinds than can be told apart in the time; 3 where the rules have mistakes.',
  ],
  examples: [
    {
      line: "sallyport query rules.v4 'in eth0 and tcp dst port 22 and ctstate NEW'",
      sentence: 'who may open SSH connections, and to whom?',
    },
    {
      line: "sallyport query rules.v4 'in eth0 and ctstate INVALID' --json",
      sentence: 'what becomes of INVALID packets, as data',
    },
  ],
  async run(options, [file, ...words]) {
    if (file === undefined || words.length === 0)
      throw wrongUse("name a file of rules and the packets, e.g. rules.v4 'tcp dst port 22 and ctstate NEW'")
    const errors = new Output(2)
    const { width } = terminalOf(process.stderr, process.env)
    const rules = readRules(file, options.ipv6 ? 'ipv6' : 'ipv4', errors, width)
    errors.flush()
    if (rules.failed)
      throw new Failure(`${printable(file)}: not asked, because of the mistakes above`, EXIT_UNREADABLE)
    const filter = readFilter(words.join(' '), width)
    const sets = setsMaker(options, width)
    const begun = performance.now()
    const most = (options.seconds ?? SECONDS) * 1000
    const spent = () => (performance.now() - begun) / most
    const answers = asked(() => queryRuleset(rules.ruleset, filter, { sets, spent }))
    const output = new Output()
    if (options.json) for (const answer of answers) output.line(answerJson(answer))
    else for (const line of report(answers)) output.line(line)
    output.flush()
    return answers.some(({ verdict }) => verdict === null) ? EXIT_CHECK_FAILED : EXIT_OK
  },
})

const SECONDS = 5
const MOST_SECONDS = 86_400

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (!/^[0-9]+(?:\.[0-9]+)?$/.test(text) || seconds <= 0 || seconds > MOST_SECONDS)
    throw new ValueError(`expected a number of seconds, more than 0 and at most ${MOST_SECONDS}`)
  return seconds
}

function asked(query: () => QueryAnswer[]): QueryAnswer[] {
  try {
    return query()
  } catch (error) {
    if (error instanceof NoQuestion) throw wrongUse(error.message)
    throw error
  }
}

const titles = { INPUT: 'To this host (INPUT)', FORWARD: 'Through it (FORWARD)', OUTPUT: 'From it (OUTPUT)' }

function report(answers: readonly QueryAnswer[]): string[] {
  if (answers.length === 0) return ['no packet is of this description']
  const lines: string[] = []
  for (const way of ['INPUT', 'FORWARD', 'OUTPUT'] as const) {
    const mine = answers.filter((answer) => answer.way === way)
    if (mine.length === 0) continue
    lines.push(...(lines.length === 0 ? [] : ['']), `${titles[way]}: ${inShort(mine)}`)
    for (const answer of mine) lines.push(...answerLines(answer))
  }
  return lines.map(printable)
}

/** `accepted`, or `some accepted, some dropped, some either`. */
function inShort(answers: readonly QueryAnswer[]): string {
  const words = answers.map(({ certain, verdict }) =>
    verdict === null ? 'undecided' : certain ? verdictWords[verdict] : 'either',
  )
  const found = ['accepted', 'dropped', 'rejected', 'queued', 'either', 'undecided'].filter((word) =>
    words.includes(word),
  )
  return found.length === 1 ? found[0]! : found.map((word) => `some ${word}`).join(', ')
}

const verdictWords = { ACCEPT: 'accepted', DROP: 'dropped', REJECT: 'rejected', QUEUE: 'queued' }

function answerLines({
  ctstate,
  verdict,
  certain,
  decidedBy,
  dependsOn,
  witness,
  whyNone,
}: QueryAnswer): string[] {
  if (verdict === null) return [`  ${ctstate.padEnd(11)}  ${whyNone}`]
  const word = certain ? verdict : `${verdict}?`
  const by = decidedBy === null ? 'no table stands in the way' : referenceText(decidedBy)
  const lines = [`  ${ctstate.padEnd(11)}  ${word.padEnd(8)}  ${by}`]
  const more = (title: string, text: string) => lines.push(`${' '.repeat(25)}${title} ${text}`)
  if (dependsOn.length > 0) more('depending on', dependsOn.map(openText).join(', '))
  if (witness === null) more('e.g.', `none found: ${whyNone}`)
  else {
    const { inInterface, outInterface, packet, packets, areConnections } = witness
    const devices = [
      ...(inInterface === null ? [] : [`in ${inInterface}`]),
      ...(outInterface === null ? [] : [`out ${outInterface}`]),
      ...(packets === 1 ? [] : [`the ${ordinal(packets)} of them at once`]),
      ...(areConnections ? ['each from another port'] : []),
    ]
    more('e.g.', [packet, ...devices].join(', '))
  }
  return lines
}

/** `INPUT 5 (limit)`. */
function openText(rule: QueryAnswer['dependsOn'][number]): string {
  return `${placeText(rule)} (${rule.matches.join(', ')})`
}

function placeText({ table, chain, number }: RuleReference): string {
  return `${table === 'filter' ? '' : `${table} `}${chain}${number === null ? '' : ` ${number}`}`
}

/** `INPUT 3 (line 12)  -p tcp -j ACCEPT`. */
function referenceText(rule: RuleReference): string {
  const { line, text } = rule
  return `${placeText(rule)}${line === null ? '' : ` (line ${line})`}  ${text}`
}

function answerJson({ witness, ...answer }: QueryAnswer): string {
  const hex = witness && [...witness.bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return JSON.stringify({ ...answer, witness: witness && { ...witness, bytes: hex } })
}
