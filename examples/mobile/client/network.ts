// A phone's network: it may be away, and it may lose an answer after the server
// has done what was asked.
export class Network {
  away = false;
  lost = 0;
  private toLose = 0;

  // loseNext loses the next answers.
  loseNext(answers = 1): void {
    this.toLose = answers;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    if (this.away) throw new TypeError('no network');
    const response = await fetch(input, init);
    if (this.toLose === 0) return response;
    this.toLose--;
    this.lost++;
    await response.arrayBuffer(); // the server has answered in full
    throw new TypeError('the connection was lost');
  };
}
