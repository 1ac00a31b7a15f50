// Makes dist/page/sallyport.html: the page with its style, its script, the worker's program, an example and the scenarios in it. It
// loads nothing from anywhere, and its Content-Security-Policy lets it do nothing else.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** Bytes, gzip: more than that, and it is no quick page any more. */
const MOST = 400_000

/** What else is in the page: its licences ask to be kept with it. */
const bundled = ['preact', 'uplot']

/** The text of the page. Throws where it has become too large. */
export async function pageText(root) {
  const { build } = await import('esbuild')
  const bundle = async (options) => {
    const { outputFiles } = await build({
      absWorkingDir: root,
      bundle: true,
      minify: true,
      format: 'iife',
      target: ['es2022'],
      platform: 'browser',
      charset: 'utf8',
      legalComments: 'none',
      write: false,
      logLevel: 'warning',
      ...options,
    })
    return outputFiles[0].text.trim()
  }
  const worker = await bundle({ entryPoints: ['web/worker/main.ts'] })
  const script = await bundle({
    entryPoints: ['web/app/main.tsx'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    plugins: [
      inlined({
        worker: { source: worker },
        example: { example: exampleOf(root) },
        gallery: { scenarios: scenariosOf(root) },
      }),
    ],
  })
  const style = await bundle({ entryPoints: ['web/style/main.css'] })
  const parts = {
    CSP: policyOf(script, style),
    STYLE: style,
    SCRIPT: script,
    LICENSES: bundled.map((name) => licenceOf(root, name)).join('\n\n'),
  }
  // One pass, so that nothing in a part is taken for a place.
  const template = readFileSync(join(root, 'web/page.html'), 'utf8')
  const text = template.replace(/%([A-Z]+)%/g, (place, name) => parts[name] ?? place)
  const size = gzipSync(text).length
  if (size > MOST) throw new Error(`the page has ${size} bytes as gzip, more than ${MOST}`)
  return text
}

/** `import … from 'inlined:NAME'` gets these values. */
function inlined(modules) {
  return {
    name: 'inlined',
    setup(builder) {
      builder.onResolve({ filter: /^inlined:/ }, ({ path }) => ({
        path: path.slice(8),
        namespace: 'inlined',
      }))
      builder.onLoad({ filter: /.*/, namespace: 'inlined' }, ({ path }) => ({
        contents: Object.entries(modules[path])
          .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)}`)
          .join('\n'),
        loader: 'js',
      }))
    },
  }
}

function exampleOf(root) {
  const capture = 'first-look.pcapng'
  const rules = 'first-look.v4'
  const read = (name) => readFileSync(join(root, 'examples', name))
  return {
    capture: { name: capture, base64: read(capture).toString('base64') },
    rules: { name: rules, text: read(rules).toString('utf8') },
  }
}

function scenariosOf(root) {
  const folder = join(root, 'scenarios')
  return readdirSync(folder)
    .filter((name) => name.endsWith('.scenario'))
    .map((name) => ({
      name: name.replace(/\.scenario$/, ''),
      text: readFileSync(join(folder, name), 'utf8'),
    }))
}

/** Nothing but this script and this style, the worker made of a Blob, and the icon in the page itself. */
function policyOf(script, style) {
  const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  return [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    'worker-src blob:',
    'img-src data:',
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}

function licenceOf(root, name) {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'))
  const text = readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8').trim()
  return `${name} ${version}\n\n${text.replaceAll('--', '- -')}`
}
