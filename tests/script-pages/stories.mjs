// The stories of the pages: made here, one for each site and feature, always the same.

export const FEATURES = ['fetch', 'state', 'route', 'scroll', 'consent', 'paywall'];

const TOWNS = {
  react: ['Millbrook', 'Ann Lee'], vue: ['Overton', 'Jan Visser'], svelte: ['Harrow Quay', 'Mia Dahl'],
  angular: ['Stannow', 'Tom Reed'], next: ['Coldwater', 'Eva Brandt'], nuxt: ['Port Ellen', 'Noor Haddad'],
  astro: ['Fernhill', 'Luis Ortega'], htmx: ['Greywell', 'Kate Moss-Hall'], lit: ['Tarnside', 'Ola Berg'],
  importmap: ['Westmere', 'Ivo Petrov'],
};

const TOPICS = {
  fetch: (town, n) => ['argues about its weir', [
    `The weir above the mill of ${town} will be lowered by ${n} centimetres, the river board told the town council on Monday evening.`,
    `Anglers have asked for it for years, because the salmon turn back below the wall and never reach the gravel beds of the upper river.`,
    `“I fear for my wheel,” said Bo Miller, who has collected ${n * 9} names against the plan and wants to hand them in this week.`,
    `The board says that the wheel would turn on all but ${n % 17 + 4} days of an ordinary year, and that it would pay for those.`,
    `A hearing is planned for the autumn in the great hall of ${town}, and the work could begin in the following winter.`,
    `The weir was built in 1743 and was raised twice since then, the last time after the flood of 1926.`]],
  state: (town, n) => ['keeps its night train', [
    `The night train from ${town} to the coast will run for another ${n % 5 + 2} years, the ministry of transport said on Tuesday.`,
    `Some ${n * 310} passengers took it last year, a fifth more than in the year before, although it was late on every third night.`,
    `“People plan their lives around this train,” said Rosa Lind of the passengers’ union, which had gathered letters from every stop.`,
    `The railway had wanted to give the line up in December, because the sleeping cars are older than most of those who sleep in them.`,
    `Now ${n % 7 + 6} cars are to be rebuilt in the works at ${town}, where the night shift had feared for its jobs.`,
    `A ticket will cost two euros more from January on, the first rise since the line was opened again.`]],
  route: (town, n) => ['opens a school for boat builders', [
    `A school for boat builders has opened in the old rope works of ${town}, with ${n % 20 + 12} pupils in its first year.`,
    `They learn to build in larch and oak, and in the second half of the course to mend hulls of steel and glass fibre.`,
    `“The yards have been asking for years whom they shall hire,” said Peter Amsel, who built boats himself before he taught it.`,
    `The county pays ${n * 12} thousand euros for machines, and the guild of the coast gives the wood for the first three boats.`,
    `The first of them is to be launched at the harbour feast of ${town} in June, whatever the weather.`,
    `Pupils come from as far as the islands, and most of them sleep in the rooms above the workshop.`]],
  scroll: (town, n) => ['counts its swifts', [
    `Volunteers have counted ${n * 3} pairs of swifts under the roofs of ${town} this summer, the most since the counting began.`,
    `They walked the same streets on ${n % 6 + 5} evenings in June and July and wrote down every bird that flew into a wall.`,
    `“You need patience and a stiff neck,” said Helga Roth, who has led the count since it began in 1998.`,
    `The birds nest in holes below the eaves, and many of these were closed when the houses were insulated.`,
    `The town of ${town} therefore pays for nest boxes since last year, and asks builders to leave gaps where birds were seen.`,
    `A colony that is disturbed once may not come back for ten years, the volunteers say in their report.`]],
  consent: (town, n) => ['votes on its bridge', [
    `The people of ${town} will vote on a new bridge in September, after the council agreed on the question by ${n % 9 + 14} votes to twelve.`,
    `The old bridge has been closed to lorries since a crack of ${n} millimetres was found in its second pier.`,
    `“We drive round half the county to reach the other bank,” said Omar Said, whose dairy lies within sight of the bridge.`,
    `A new one would cost ${n * 2} million euros and could be built beside the old one, which would be left to walkers.`,
    `Those against it say that the money is needed for the clinic of ${town}, whose roof has been leaking for three winters.`,
    `Votes can be cast by post from the first day of August on, and are counted in public.`]],
  paywall: (town, n) => ['buys back its waterworks', [
    `The town of ${town} will buy its waterworks back for ${n} million euros, twenty years after it had sold them.`,
    `The council decided so on Thursday night, after a debate of five hours that ${n * 2} citizens followed in the hall.`,
    `“Water is no business like any other,” said mayor Clara Voss, and promised that prices would stay as they are until spring.`,
    `The company had invested less than was agreed, an inquiry found, and ${n % 30 + 11} percent of the water is lost in old pipes.`,
    `The pipes below the market of ${town} come first, and digging begins there as soon as the frost is out of the ground.`,
    `The company said that it would hand everything over in good order by the end of the year.`]],
};

/** Every story: its site, feature and slug, and what it says. */
export const STORIES = Object.entries(TOWNS).flatMap(([site, [town, author]], row) => FEATURES.map((feature, at) => {
  const [what, body] = TOPICS[feature](town, 41 + row * 7 + at * 3);
  const slug = `${town} ${what}`.toLowerCase().replaceAll(/[^a-z]+/g, '-');
  return { site, feature, slug, title: `${town} ${what}`, author, body };
}));
