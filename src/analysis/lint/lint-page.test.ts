import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checks } from './checks.ts'
import { exampleFindings, renderLintPage } from './lint-page.ts'

test('docs/reference/lint.md is what the catalogue says', async () => {
  await expect(renderLintPage()).toMatchFileSnapshot(
    join(import.meta.dirname, '../../../docs/reference/lint.md'),
  )
})

test.each(checks.map((check) => [check.code, check] as const))(
  '%s: its example has it, and nothing but notes beside',
  (code, check) => {
    const findings = exampleFindings(check)
    expect(findings.map((finding) => finding.code)).toContain(code)
    // A chain is unreached because of the rules that lead to it.
    const beside = code === 'unreached-chain' ? [code, 'shadowed'] : [code]
    const others = findings.filter((one) => !beside.includes(one.code) && one.severity === 'warning')
    expect(others.map(({ code, message }) => `${code}: ${message}`)).toEqual([])
  },
)
