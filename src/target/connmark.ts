import { MARK } from '../conntrack/entry.ts'
import { CHANGED_MARK, entryOf } from '../conntrack/outcome.ts'
import type { Action, Environment } from '../hook/environment.ts'
import { VERDICT_CONTINUE } from '../hook/hook.ts'
import type { Passage } from '../hook/passage.ts'
import { isRaw } from '../match/connection.ts'
import { defineTarget, option, shorthand, without } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { type MaskedNumber, maskedNumber, number } from '../ruleset/kind/number.ts'
import type { Settings } from '../ruleset/model.ts'
import { fullMask, markShorthandKeys, markShorthands } from './set-mark.ts'

const bits = number({ usage: 'BITS', base: 16 })
// The tool lets 32 pass, and the kernel refuses it.
const shift = number({ max: 31, unit: 'bits' })

export const connmark = defineTarget({
  name: 'CONNMARK',
  summary: "changes the mark of the packet's connection, or copies it from or to the packet's",
  oneOf: [['xmark', 'save', 'restore']],
  options: {
    xmark: option(maskedNumber('full'), {
      names: ['--set-xmark'],
      summary: 'clears the bits of the mask, and turns those of the value over',
      excludes: [...markShorthandKeys, 'save', 'restore'],
    }),
    save: option(flag, {
      names: ['--save-mark'],
      summary: "copies the packet's mark to the connection",
      excludes: [...markShorthandKeys, 'restore'],
    }),
    restore: option(flag, {
      names: ['--restore-mark'],
      summary: "copies the connection's mark to the packet",
      excludes: markShorthandKeys,
    }),
    nfmask: option(bits, { names: ['--nfmask'], summary: "of the packet's mark, these bits take part" }),
    ctmask: option(bits, { names: ['--ctmask'], summary: "of the connection's mark, these bits take part" }),
    leftShift: option(shift, {
      names: ['--left-shift-mark'],
      summary: 'shifts the mark to the left',
      excludes: ['rightShift'],
      omit: ({ value }) => value === 0,
    }),
    rightShift: option(shift, {
      names: ['--right-shift-mark'],
      summary: 'shifts the mark to the right',
      omit: ({ value }) => value === 0,
    }),
  },
  shorthands: {
    ...markShorthands(['xmark', 'save', 'restore']),
    mask: shorthand(bits, {
      names: ['--mask'],
      summary: '--nfmask and --ctmask in one',
      excludes: ['nfmask', 'ctmask'],
      stands: (value) => ({ nfmask: { value, inverted: false }, ctmask: { value, inverted: false } }),
    }),
  },
  normalise(options) {
    const xmark = options['xmark']?.value as MaskedNumber | undefined
    const mask = options['ctmask']?.value as number | undefined
    let settings: Settings = options
    for (const key of ['leftShift', 'rightShift']) {
      if (settings[key]?.value === 0) settings = without(settings, key)
    }
    const all = { value: fullMask, inverted: false }
    if (xmark === undefined) {
      return { ...settings, nfmask: options['nfmask'] ?? all, ctmask: options['ctmask'] ?? all }
    }
    settings = without(without(settings, 'nfmask'), 'ctmask')
    // A mask given beside --set-mark takes the place of the one that follows from the value.
    return mask === undefined
      ? settings
      : { ...settings, xmark: { value: { value: xmark.value, mask }, inverted: false } }
  },
  compile({ xmark, restore, nfmask, ctmask, leftShift, rightShift }, environment: Environment): Action {
    const { table } = environment.tracker
    const raw = isRaw(environment)
    const left = leftShift?.value ?? 0
    const right = rightShift?.value ?? 0
    // Ahead of the tracker, a packet with a template has that one's mark: the rule's, which stays (nf_ct_get).
    const markOf = ({ outcome, template }: Passage): number => {
      if (raw) return template.own!.mark
      const entry = entryOf(outcome)
      return table.words(entry)[table.at(entry) + MARK]!
    }
    const setMark = ({ outcome, template }: Passage, mark: number): void => {
      if (raw) {
        template.own!.mark = mark | 0
        return
      }
      const entry = entryOf(outcome)
      const words = table.words(entry)
      const at = table.at(entry) + MARK
      if (words[at] === mark) return
      words[at] = mark
      outcome.changes |= CHANGED_MARK
    }
    const hasMark = ({ outcome, template }: Passage): boolean =>
      raw ? template.own !== null : entryOf(outcome) >= 0
    // connmark_tg_shift: what is shifted is the new mark, or the part that is copied.
    if (xmark) {
      const { value, mask } = xmark.value
      return (passage) => {
        if (hasMark(passage)) setMark(passage, (((markOf(passage) & ~mask) ^ value) >>> right) << left)
        return VERDICT_CONTINUE
      }
    }
    const ofPacket = nfmask?.value ?? fullMask
    const ofEntry = ctmask?.value ?? fullMask
    if (restore) {
      return (passage) => {
        if (hasMark(passage))
          passage.mark = (passage.mark & ~ofPacket) ^ (((markOf(passage) & ofEntry) >>> right) << left)
        return VERDICT_CONTINUE
      }
    }
    return (passage) => {
      if (hasMark(passage))
        setMark(passage, (markOf(passage) & ~ofEntry) ^ (((passage.mark & ofPacket) >>> right) << left))
      return VERDICT_CONTINUE
    }
  },
})
