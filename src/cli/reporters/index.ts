/** Reporters by their names. */
import { DefaultReporter } from './default.ts'
import { GithubReporter } from './github.ts'
import { JsonReporter } from './json.ts'
import { JunitReporter } from './junit.ts'
import type { Reporter, ReporterOptions } from './reporter.ts'
import { TapReporter } from './tap.ts'

export const reporters = {
  default: DefaultReporter,
  tap: TapReporter,
  junit: JunitReporter,
  json: JsonReporter,
  github: GithubReporter,
} as const satisfies Record<string, new (options: ReporterOptions) => Reporter>

export type ReporterName = keyof typeof reporters
