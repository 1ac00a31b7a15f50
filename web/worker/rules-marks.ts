/** What is wrong with a text of rules, at its places: mistakes, and where there are none the findings of lint. */
import { lintRuleset } from '../../src/analysis/lint/lint.ts'
import { parseRuleset } from '../../src/firewall/ruleset-text.ts'
import type { Diagnostic, Fix } from '../../src/ruleset/diagnostic.ts'
import type { RulesCheckQuestion, TextMark } from '../protocol.ts'

/** Longer texts are not looked at beyond their mistakes: it would be asked for at every word that is typed. */
const LONGEST_LINTED = 200_000

export function rulesMarks({ name, text, family }: RulesCheckQuestion): TextMark[] {
  const parsed = parseRuleset(text, { family, file: name })
  if (parsed.ruleset.faulty === true || text.length > LONGEST_LINTED)
    return parsed.diagnostics.map((one) => diagnosticMark(one, text))
  const known = new Set(parsed.diagnostics.map(({ position, code }) => `${position} ${code}`))
  const findings = lintRuleset(text, parsed).findings.filter(
    ({ position, code }) => !known.has(`${position} ${code}`),
  )
  return [
    ...parsed.diagnostics.map((one) => diagnosticMark(one, text)),
    ...findings.map(({ severity, position, length, place, code, message, advice, lines }): TextMark => {
      const fix = lines.length === 0 ? advice : `${advice ?? 'write'}: ${lines.join('\n')}`
      return {
        start: position,
        end: position + length,
        line: place.line,
        kind: severity,
        code,
        message,
        advice: fix,
        fixes: [],
      }
    }),
  ].sort((a, b) => a.start - b.start)
}

/** `text` is that of the rules. */
export function diagnosticMark(diagnostic: Diagnostic, text: string): TextMark {
  const { severity, code, place, position, length, message, expected, suggestion, fixes } = diagnostic
  return {
    start: position,
    end: position + length,
    line: place.line,
    kind: severity,
    code,
    message: suggestion === null ? message : `${message}; did you mean ${suggestion}?`,
    advice: expected === null ? null : `expected: ${expected}`,
    fixes: fixes.length > 0 ? fixes.map(fixOf) : wordFix(text.slice(position, position + length), diagnostic),
  }
}

/** Of a single word the one that was probably meant takes its place. */
function wordFix(word: string, { position, suggestion }: Diagnostic): TextMark['fixes'] {
  const isAlike = suggestion !== null && suggestion.startsWith('-') === word.startsWith('-')
  if (!isAlike || !/^[\w-]+$/.test(word)) return []
  return [{ start: position, end: position + word.length, text: suggestion }]
}

function fixOf({ position, length, text }: Fix): TextMark['fixes'][number] {
  return { start: position, end: position + length, text }
}
