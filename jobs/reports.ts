/** A Ruby class inside a module has `::` in its name: an ES2022 string export name registers it. */
async function daily(_queue: string, day: number): Promise<string> {
  return `report of day ${day}`;
}

export { daily as 'Reports::Daily' };
