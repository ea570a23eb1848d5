// A promise of whether every picture is drawn for its present width, and the page has come to rest.

() =>
  new Promise((done) => {
    const charts = () => [...document.querySelectorAll(".lossviz-chart")];
    const fits = (chart) => Number((chart.dataset.state ?? "").split(" ").at(-1)) === chart.clientWidth;
    const look = () =>
      charts()
        .map((c) => `${c.dataset.state} ${c.dataset.pictures} ${c.offsetTop}`)
        .join();
    let [before, still, frames] = [null, 0, 0];
    const frame = () => {
      const now = look();
      still = now === before && charts().every(fits) ? still + 1 : 0;
      before = now;
      frames += 1;
      if (still >= 3 || frames > 600) done(still >= 3);
      else requestAnimationFrame(frame);
    };
    frame();
  });
