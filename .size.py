import asyncio,sys
from mmplay.levels.catalogue import find_level
from mmplay.tui.app import MmplayApp
from tests.tui.screens import press, settle
async def main():
    app=MmplayApp(level=find_level(sys.argv[1]))
    async with app.run_test(size=(80,24)) as pilot:
        await settle(pilot); print(await press(pilot,'enter'))
        p=app.screen.query_one('#picture'); print(p.size)
        for k in sys.argv[2:]: print(await press(pilot,k)); print(app.screen.query_one('#picture').size)
asyncio.run(main())
