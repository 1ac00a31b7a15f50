import { defineConfig } from 'vitest/config'

// Four projects: `unit` runs anywhere; `kernel` needs root and a Linux kernel with netfilter,
// and skips itself, loudly, where it has neither; `browser` needs a build and a Chromium, and
// does likewise; `package` needs a build and npm.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          // Tests of the command run what is built.
          globalSetup: ['test/support/built.ts'],
          include: ['src/**/*.test.ts', 'web/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: ['test/kernel/**', 'test/browser/**', 'test/package/**'],
          // Far above what any needs: machines that are busy with other work must not fail a test.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'kernel',
          include: ['test/kernel/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'browser',
          globalSetup: ['test/support/built.ts'],
          include: ['test/browser/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
