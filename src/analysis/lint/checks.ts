/** The catalogue: all kinds of findings, in the order of the reference page. A new one is its own file, and a line here. */
import { acceptPolicy } from './accept-policy.ts'
import { afterVerdict } from './after-verdict.ts'
import { contradiction } from './contradiction.ts'
import { duplicateRule } from './duplicate-rule.ts'
import { establishedLate } from './established-late.ts'
import { establishedMissing } from './established-missing.ts'
import type { Check } from './finding.ts'
import { helperWithoutCt } from './helper-without-ct.ts'
import { invalidBeforeNat } from './invalid-before-nat.ts'
import { limitedSsh } from './limited-ssh.ts'
import { logWithoutLimit } from './log-without-limit.ts'
import { natCannotAct } from './nat-cannot-act.ts'
import { natTooLate } from './nat-too-late.ts'
import { newWithoutSyn } from './new-without-syn.ts'
import { nothingComes } from './nothing-comes.ts'
import { rateNotNumber } from './rate-not-number.ts'
import { rejectCannotAnswer } from './reject-cannot-answer.ts'
import { relatedErrors } from './related-errors.ts'
import { shadowed } from './shadowed.ts'
import { strayInvalid } from './stray-invalid.ts'
import { unreachedChain } from './unreached-chain.ts'
import { unusedChain } from './unused-chain.ts'

export interface CheckGroup {
  readonly title: string
  readonly checks: readonly Check[]
}

export const checkGroups: readonly CheckGroup[] = [
  {
    title: 'Rules and chains that do nothing',
    checks: [shadowed, afterVerdict, contradiction, nothingComes, duplicateRule, unreachedChain, unusedChain],
  },
  {
    title: 'Targets that cannot act',
    checks: [natCannotAct, natTooLate, rejectCannotAnswer, helperWithoutCt],
  },
  {
    title: 'Connections and their states',
    checks: [
      establishedMissing,
      establishedLate,
      relatedErrors,
      newWithoutSyn,
      strayInvalid,
      invalidBeforeNat,
    ],
  },
  { title: 'Limits, logs and policies', checks: [acceptPolicy, logWithoutLimit, limitedSsh, rateNotNumber] },
]

export const checks: readonly Check[] = checkGroups.flatMap((group) => group.checks)
