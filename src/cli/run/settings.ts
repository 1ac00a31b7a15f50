/** The sysctls of a run: a file of them, and what the command line says. */
import { readFileSync } from 'node:fs'
import { parseSettings, SettingError, Settings } from '../../conntrack/settings.ts'
import { unreadable, wrongUse } from '../failure.ts'
import type { RunOptions } from './options.ts'

/** @throws Failure */
export function readSettings(options: RunOptions): Settings {
  const settings = new Settings()
  if (options.sysctlFile !== null) {
    let text: string
    try {
      text = readFileSync(options.sysctlFile, 'utf8')
    } catch (error) {
      throw unreadable(options.sysctlFile, error)
    }
    try {
      for (const { line, name, value } of parseSettings(text, options.sysctlFile)) {
        trySet(settings, name, value, `${options.sysctlFile}:${line}: `)
      }
    } catch (error) {
      throw error instanceof SettingError ? wrongUse(error.message) : error
    }
  }
  for (const { name, value } of options.sysctl) trySet(settings, name, value, '--sysctl: ')
  return settings
}

function trySet(settings: Settings, name: string, value: string, where: string): void {
  try {
    settings.set(name, value)
  } catch (error) {
    throw error instanceof SettingError ? wrongUse(where + error.message) : error
  }
}
