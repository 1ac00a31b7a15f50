/** A file of rules, read and checked, with its mistakes told. */
import { readFileSync } from 'node:fs'
import { printable } from '../diagnostic/printable.ts'
import { extensions } from '../firewall/extensions.ts'
import { type Diagnostic, formatDiagnostics } from '../ruleset/diagnostic.ts'
import type { Family, Ruleset } from '../ruleset/model.ts'
import { parseRuleset } from '../ruleset/parser.ts'
import { EXIT_UNREADABLE } from './exit-codes.ts'
import { Failure, unreadable } from './failure.ts'
import type { Output } from './output.ts'

export interface RulesFile {
  readonly text: string
  readonly ruleset: Ruleset
  /** It has mistakes: the ruleset is not to be relied on. */
  readonly failed: boolean
}

/** Tells every mistake and warning to `errors`, wrapped at `width` columns. @throws Failure where it cannot be read, or is no text of rules. */
export function readRules(file: string, family: Family, errors: Output, width: number): RulesFile {
  let text: string
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw unreadable(file, error)
  }
  const { ruleset, diagnostics } = parseRuleset(text, { family, registry: extensions, file })
  refuseOtherThanRules(file, diagnostics)
  for (const line of formatDiagnostics(diagnostics, text, width)) errors.line(line)
  return { text, ruleset, failed: diagnostics.some(({ severity }) => severity === 'error') }
}

/** @throws Failure where the file is no text of rules at all: of its bytes nothing is shown */
export function refuseOtherThanRules(file: string, [first]: readonly Diagnostic[]): void {
  if (first?.code === 'not-rules') throw new Failure(`${printable(file)}: ${first.message}`, EXIT_UNREADABLE)
}
