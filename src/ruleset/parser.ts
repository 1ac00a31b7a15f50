/** Text of a ruleset, in whichever form, to the model. */
import { checkChains } from './chain-graph.ts'
import { type Diagnostic, DiagnosticLog } from './diagnostic.ts'
import { Loader } from './loader.ts'
import type { Family, Ruleset } from './model.ts'
import { whatInstead } from './no-rules.ts'
import type { Registry } from './registry.ts'
import { readRestore } from './restore.ts'
import { readScript } from './script.ts'
import { readSource, type Source } from './source.ts'

export interface ParseOptions {
  /** Of iptables or ip6tables. */
  readonly family: Family
  readonly registry: Registry
  /** For messages. */
  readonly file?: string
  /** A file of iptables-save or -restore, or a shell script of iptables commands; told from the text unless said. */
  readonly syntax?: 'restore' | 'script'
  /** Values for variables of a script. */
  readonly variables?: Readonly<Record<string, string>>
  /** How many findings are kept, 1000 unless told. */
  readonly limit?: number
}

/** What a text of rules says, and what is wrong with it. */
export interface ParsedRuleset {
  /** With errors among the findings, only what could be made of the text: not to be relied on. */
  readonly ruleset: Ruleset
  /** In the order of the text. */
  readonly diagnostics: readonly Diagnostic[]
}

/** Never throws, whatever the text. */
export function parseRuleset(text: string, options: ParseOptions): ParsedRuleset {
  const { family, registry, file = 'rules', limit, variables = {} } = options
  const source = readSource(text)
  const log = new DiagnosticLog(source, file, limit)
  const loader = new Loader(family, registry, log)
  const instead = whatInstead(text)
  if (instead !== null) {
    log.add({ start: 0, end: 0 }, { code: 'not-rules', message: instead })
    return { ruleset: { ...loader.finish([]), faulty: true }, diagnostics: log.all() }
  }
  reportMarks(source, log)
  const plain = source.text
  const syntax = options.syntax ?? syntaxOf(plain)
  const comments =
    syntax === 'script'
      ? readScript({ text: plain, family, registry, log, loader, variables })
      : readRestore({ text: plain, from: 0, to: plain.length, family, registry, log, loader })
  const ruleset = loader.finish(comments)
  for (const table of ruleset.tables) {
    checkChains(table, family, registry, (rule) => log.spanFrom(rule.place), log)
  }
  const diagnostics = log.all()
  const isFaulty = diagnostics.some(({ severity }) => severity === 'error')
  return { ruleset: isFaulty ? { ...ruleset, faulty: true } : ruleset, diagnostics }
}

function reportMarks({ text, hasMark, returns }: Source, log: DiagnosticLog): void {
  if (hasMark) {
    const message = 'the file begins with a byte order mark, which iptables-restore does not know'
    log.add({ start: 0, end: 0 }, { code: 'byte-order-mark', message, severity: 'warning' })
  }
  if (returns > 0) {
    const message = `${returns} lines end with a carriage return, which iptables-restore takes for a part of their last word`
    const first = text.indexOf('\n')
    log.add({ start: first, end: first }, { code: 'carriage-return', message, severity: 'warning' })
  }
}

/** What the first line that says something begins with. */
function syntaxOf(text: string): 'restore' | 'script' {
  if (text.startsWith('#!')) return 'script'
  const line = /^[ \t]*([^\s#].{0,8})/m.exec(text)?.[1] ?? '*'
  return /^(?:[*:-]|\[\d|COMMIT)/.test(line) ? 'restore' : 'script'
}
