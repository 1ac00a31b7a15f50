/** The sysctls of a run: a file of them, and what the command line says. */
import { readFileSync } from 'node:fs'
import { parseSettings, SettingError, Settings } from '../../conntrack/settings.ts'
import type { ReversePath } from '../../host/reverse-path.ts'
import { unreadable, wrongUse } from '../failure.ts'
import type { RunOptions } from './options.ts'

/** `reversePath` gets what is about it. @throws Failure */
export function readSettings(options: RunOptions, reversePath: ReversePath): Settings {
  const settings = new Settings(options.linux)
  const trySet = (name: string, value: string, where: string): void => {
    try {
      if (!reversePath.set(name, value)) settings.set(name, value)
    } catch (error) {
      throw error instanceof SettingError ? wrongUse(where + error.message) : error
    }
  }
  if (options.sysctlFile !== null) {
    let text: string
    try {
      text = readFileSync(options.sysctlFile, 'utf8')
    } catch (error) {
      throw unreadable(options.sysctlFile, error)
    }
    try {
      for (const { line, name, value } of parseSettings(text, options.sysctlFile)) {
        trySet(name, value, `${options.sysctlFile}:${line}: `)
      }
    } catch (error) {
      throw error instanceof SettingError ? wrongUse(error.message) : error
    }
  }
  for (const { name, value } of options.sysctl) trySet(name, value, '--sysctl: ')
  return settings
}
