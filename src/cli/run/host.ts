/** For whom the rules of `sallyport replay` are, and where the capture stands: what was told, and what a first look says. */
import { MergedCapture } from '../../capture/merge.ts'
import { CapturePlace } from '../../firewall/capture-place.ts'
import { needsOf } from '../../replay/rule-needs.ts'
import { surveyCapture } from '../../replay/vantage.ts'
import type { Ruleset } from '../../ruleset/model.ts'
import type { PreparedHost } from '../../run/prepared-host.ts'
import { wrongUse } from '../failure.ts'
import { gunzip } from '../gunzip.ts'
import { type OpenInput, openInput } from '../input.ts'
import { readHost } from './host-options.ts'
import type { RunOptions } from './options.ts'
import { PeekedInput } from './peeked-input.ts'

/** Of a pipe, which may be live, no more than this is waited for. */
const SURVEYED_OF_PIPE = 100
const SURVEYED = 10_000

/** Looks at the captures, where rules need that. @throws Failure where it stays unclear who the host is. */
export async function prepareHost(
  options: RunOptions,
  files: readonly string[],
  rulesets: readonly Ruleset[],
  width: number,
  open: (file: string) => OpenInput = openInput,
): Promise<PreparedHost> {
  const told = readHost(options, files, width)
  const inputs = files.map((file) => open(file))
  if (rulesets.length === 0) {
    if (told.told || options.captured !== null)
      throw wrongUse(
        '--local, --route, --host, --pair and --captured say for whom rules are: give some with --rules',
      )
    return { ...told, captured: 'wire', sentences: [], inputs }
  }
  const isPipe = inputs.some(({ size }) => size === null)
  const peeked = inputs.map((input) => (input.size === null ? new PeekedInput(input) : null))
  const first = inputs.map((input, index) => peeked[index]?.beginning ?? input)
  const capture = new MergedCapture(first, { gunzip })
  const { host, names, ofFile } = told
  const vantage = await surveyCapture(
    capture,
    {
      host,
      told: told.told,
      place: new CapturePlace(host, { interfaces: capture.interfaces, names, ofFile }),
      needs: needsOf(rulesets),
      captured: options.captured,
    },
    isPipe ? SURVEYED_OF_PIPE : SURVEYED,
  )
  if (vantage.kind === 'unclear') throw wrongUse(vantage.sentence)
  return {
    ...told,
    captured: vantage.captured,
    sentences: vantage.sentences,
    inputs: inputs.map(({ size }, index) =>
      size === null ? { ...peeked[index]!.whole, size } : open(files[index]!),
    ),
  }
}
