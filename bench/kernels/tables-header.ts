import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const source = join(import.meta.dirname, '../../packages/simulation/src/engines/numerics/kernel/tables.ts');

/** The kernels' constants and tables as a C++ header, so that the peers compute with the very same numbers. */
export const tablesHeader = (): string => {
  const lines = ['#pragma once', '#include <cstdint>'];
  const tail: string[] = [];
  const declarations = /export const (\w+): usize = memory\.data<(f64|u64)>\(\[([^\]]*)\]/g;
  for (const [, name = '', type = '', body = ''] of readFileSync(source, 'utf8').matchAll(declarations)) {
    const values = body.split(',').flatMap((value) => value.trim() || []);
    if (name.startsWith('tailC')) tail[Number(name.slice('tailC'.length))] = values.join();
    else if (values.length === 1) lines.push(`constexpr double ${name} = ${values.join()};`);
    else if (type === 'f64') lines.push(`alignas(64) static const double ${name}[] = {${values.join()}};`);
    else
      lines.push(
        `alignas(64) static const std::uint64_t ${name}[] = {${values.map((value) => `${value}ull`).join()}};`,
      );
  }
  return [...lines, `constexpr double tailC[] = {${tail.join()}};`, ''].join('\n');
};
