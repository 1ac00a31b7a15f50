/** Port ranges that hold every port. */
import { without } from '../ruleset/extension.ts'
import type { Range } from '../ruleset/kind/number.ts'
import type { Setting, Settings } from '../ruleset/model.ts'

export function isFullRange({ value: { from, to } }: Setting<Range>): boolean {
  return from === 0 && to === 65535
}

/** The kernel cannot tell a full range from none; inverted it never matches, and is kept. */
export function dropFullRange(options: Settings, key: string): Settings {
  const setting = options[key] as Setting<Range> | undefined
  return setting && !setting.inverted && isFullRange(setting) ? without(options, key) : options
}
