/** docs/reference/matches.md and targets.md, rendered from the option tables that parser and printer go by. */
import { NotEvaluated } from '../hook/environment.ts'
import { matches } from '../match/index.ts'
import { type AnyExtension, initialOf, type Option, type Shorthand } from '../ruleset/extension.ts'
import type { Family } from '../ruleset/model.ts'
import { formatProtocol } from '../ruleset/protocols.ts'
import { targets } from '../target/index.ts'

type Type = AnyExtension['type']

/** What `compile` decides by the rule or the run, and what a target does outside of any packet's way. */
const notes: Readonly<Record<Type, Readonly<Record<string, string>>>> = {
  match: {
    physdev: 'where `--host` lists the interfaces, and none of them is the port of a bridge; else refused',
    rpfilter: 'where the routes of the host were told (`--route`, `--host`)',
    set: 'with the sets of `--ipset`',
    time: 'in UTC; `--kerneltz` is refused',
  },
  target: {
    AUDIT: 'the rule counts and goes on; there is no audit log',
    CHECKSUM: 'the rule counts and goes on; checksums are complete in the end either way',
    CONNSECMARK: 'the rule counts and goes on; there are no security marks',
    CT: 'helpers other than FTP and TFTP, and policies of timeouts that nobody told, are refused',
    IDLETIMER: 'the rule counts and goes on; there is no timer',
    LED: 'the rule counts and goes on; there is no light',
    LOG: 'the line that the kernel would log is in the record, and shown with `--trace`',
    NFLOG: 'the rule counts and goes on',
    NFQUEUE: 'the packet goes to the program, and the verdict is QUEUE; `--queue-bypass` changes nothing',
    QUEUE: 'the packet goes to the program, and the verdict is QUEUE',
    RATEEST: 'the rule counts and goes on; no rate is estimated',
    SECMARK: 'the rule counts and goes on; there are no security marks',
    SET: 'with the sets of `--ipset`',
    TRACE: 'its lines are printed with `--trace=kernel`',
  },
}

/** Why an extension is never evaluated, or null. */
export function refusalOf(extension: AnyExtension): string | null {
  if (extension.compile === undefined) return 'not built yet'
  try {
    // Whoever refuses all rules looks at neither; all others stumble over what is missing.
    extension.compile({}, undefined as never)
  } catch (error) {
    if (error instanceof NotEvaluated) return `it ${error.message}`
  }
  return null
}

/** Text in a cell of a table. */
function cell(text: string): string {
  return text.replace(/\|/g, '\\|').replace(/</g, '&lt;')
}

const code = (text: string): string => `\`${text.replace(/\|/g, '\\|')}\``

function listed(words: readonly string[], join: 'and' | 'or'): string {
  if (words.length < 2) return words[0] ?? ''
  return `${words.slice(0, -1).join(', ')} ${join} ${words[words.length - 1]}`
}

/** What holds without the option: a value as it is printed, or ''. */
function defaultOf(option: Option<unknown>, families: readonly Family[]): string {
  if (option.required) return 'required'
  const texts = families.map((family) => {
    const value = initialOf(option, family)
    return value === undefined ? '' : option.kind.print(value, { family, protocol: null })
  })
  return [...new Set(texts)]
    .filter((text) => text !== '')
    .map(code)
    .join(', in IPv6 ')
}

function isOption(entry: Option<unknown> | Shorthand<unknown>): entry is Option<unknown> {
  return !('stands' in entry)
}

/** An option that sections of the table repeat is told once. */
function onceEach<T extends { readonly names: readonly string[] }>(entries: Readonly<Record<string, T>>) {
  const names = new Set<string>()
  return Object.entries(entries).filter(
    ([
      ,
      {
        names: [name],
      },
    ]) => {
      const isNew = !names.has(name!)
      names.add(name!)
      return isNew
    },
  )
}

class Section {
  readonly #extension: AnyExtension
  readonly #families: readonly Family[]
  readonly #entries: Readonly<Record<string, Option<unknown> | Shorthand<unknown>>>
  /** Names of options of which each excludes all others: three and more, told in one line. */
  readonly #rivals: readonly (readonly string[])[]

  constructor(extension: AnyExtension) {
    this.#extension = extension
    this.#families = extension.family === undefined ? ['ipv4', 'ipv6'] : [extension.family]
    this.#entries = Object.fromEntries(onceEach({ ...extension.options, ...extension.shorthands }))
    this.#rivals = this.#rivalsOf(Object.values(this.#entries))
  }

  render(): string {
    const { name, summary, aliases = [] } = this.#extension
    const also = aliases.length === 0 ? '' : ` Also called ${listed(aliases.map(code), 'or')}.`
    const facts = this.#facts()
    const parts = [
      `### ${this.#title()}`,
      `${code(this.#word(name))} ${cell(summary)}.${also}`,
      ...(facts.length === 0 ? [] : [facts.map((fact) => `- ${fact}`).join('\n')]),
      this.#table(),
    ]
    return parts.filter((part) => part !== '').join('\n\n')
  }

  /** Two extensions of one name differ by their family. */
  #title(): string {
    const { name, family } = this.#extension
    const all = this.#extension.type === 'match' ? matches : targets
    const isShared = all.filter((other) => other.name === name).length > 1
    return isShared ? `${name} (${family === 'ipv6' ? 'IPv6' : 'IPv4'})` : name
  }

  #word(name: string): string {
    return this.#extension.type === 'match' ? `-m ${name}` : `-j ${name}`
  }

  #facts(): string[] {
    const { family, protocols, implicit, tables, hooks, hooksOf, oneOf = [] } = this.#extension
    const facts: string[] = []
    if (family !== undefined) facts.push(`${family === 'ipv4' ? 'IPv4' : 'IPv6'} only`)
    if (protocols !== undefined) {
      const needed = listed(
        protocols.map((one) => code(`-p ${formatProtocol(one)}`)),
        'or',
      )
      const how =
        implicit === undefined
          ? ''
          : `, behind which its options need no ${code(this.#word(this.#extension.name))}`
      facts.push(`only with ${needed}${how}`)
    }
    if (tables !== undefined) facts.push(`only in table ${listed(tables.map(code), 'or')}`)
    if (hooks !== undefined)
      facts.push(`only in ${listed(hooks.map(code), 'or')}, and in chains called from there`)
    if (hooksOf !== undefined) facts.push('where it may stand depends on its options as well')
    for (const group of oneOf) facts.push(this.#needed(group))
    for (const rivals of this.#rivals) facts.push(`at most one of ${listed(rivals.map(code), 'and')}`)
    facts.push(this.#evaluated())
    return facts
  }

  #needed(group: readonly string[]): string {
    if (Object.keys(this.#extension.options).every((key) => group.includes(key))) return 'an option is needed'
    return `needed: ${listed(
      group.map((key) => code(this.#entries[key]!.names[0])),
      'or',
    )}`
  }

  #evaluated(): string {
    const refusal = refusalOf(this.#extension)
    if (refusal !== null) return `**not evaluated**: ${refusal}`
    const note = notes[this.#extension.type][this.#extension.name]
    return note === undefined ? 'evaluated' : `evaluated; ${note}`
  }

  #table(): string {
    const entries = Object.values(this.#entries)
    if (entries.length === 0) return ''
    return [
      '| option | | value | unless given |',
      '| --- | --- | --- | --- |',
      ...entries.map((entry) => this.#row(entry)),
    ].join('\n')
  }

  #row(entry: Option<unknown> | Shorthand<unknown>): string {
    const { names, kind, summary, invertible } = entry
    const [first, ...more] = names
    const usage = kind.usage === '' ? first : `${first} ${kind.usage}`
    const name = `${invertible ? '`[!]` ' : ''}${code(usage)}`
    const also = more.length === 0 ? '' : `; also ${listed(more.map(code), 'or')}`
    const against = this.#rivals.some((rivals) => rivals.includes(first)) ? [] : this.#excluded(entry)
    const not = against.length === 0 ? '' : `; not with ${listed(against.map(code), 'or')}`
    const value = kind.words === 0 ? '' : cell(kind.expected)
    const initial = isOption(entry) ? defaultOf(entry, this.#families) : ''
    return `| ${name} | ${cell(summary)}${also}${not} | ${value} | ${initial} |`
  }

  #rivalsOf(entries: readonly (Option<unknown> | Shorthand<unknown>)[]): string[][] {
    const inOrder = entries.map(({ names }) => names[0])
    const groups = new Map<string, string[]>()
    for (const entry of entries) {
      const [name] = entry.names
      const excluded = this.#excluded(entry)
      const group = inOrder.filter((other) => other === name || excluded.includes(other)).join(' ')
      groups.set(group, [...(groups.get(group) ?? []), name])
    }
    return [...groups]
      .filter(([group, members]) => members.length > 2 && group === members.join(' '))
      .map(([, members]) => members)
  }

  /** Names of the options that cannot stand beside one; a table tells of each pair once. */
  #excluded(entry: Option<unknown> | Shorthand<unknown>): string[] {
    const others = Object.entries(this.#entries)
    const [key] = others.find(([, other]) => other === entry)!
    return others
      .filter(([other, { excludes = [] }]) => excludes.includes(key) || entry.excludes?.includes(other))
      .filter(([other]) => other !== key)
      .map(([, { names }]) => names[0])
  }
}

const beginnings: Readonly<Record<Type, readonly string[]>> = {
  match: [
    'What a rule may ask of a packet, beside `-s`, `-d`, `-i`, `-o`, `-p` and `-f`: `-m NAME` and its options. All of them are',
    'read, checked and printed as iptables 1.8.9 does it; whether `sallyport replay` evaluates them is told with each.',
  ],
  target: [
    'What a rule does with a packet: `-j NAME` and its options, or the name of a chain. All of them are read, checked and',
    'printed as iptables 1.8.9 does it; whether `sallyport replay` evaluates them is told with each.',
  ],
}

/** The whole page, as Markdown. */
export function renderExtensionsPage(type: Type): string {
  const all: readonly AnyExtension[] = type === 'match' ? matches : targets
  const refused = [...new Set(all.filter((one) => refusalOf(one) !== null).map(({ name }) => name))]
  const parts = [
    '<!-- Made from the option tables by `npx vitest run src/explain -u`. Do not edit. -->',
    type === 'match' ? '# Matches' : '# Targets',
    beginnings[type].join('\n'),
    [
      '`[!]`: the option may stand behind a `!`, which turns it round. Where a rule that packets could come to cannot be',
      'evaluated, `sallyport replay` refuses to run, unless `--unknown=ignore` leaves such rules out.',
    ].join('\n'),
    refused.length === 0 ? '' : `Not evaluated: ${refused.map(code).join(', ')}.`,
    ...all.map((extension) => new Section(extension).render()),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

/** Names that a note stands for, to be held against the registry. */
export const notedNames: Readonly<Record<Type, readonly string[]>> = {
  match: Object.keys(notes.match),
  target: Object.keys(notes.target),
}
