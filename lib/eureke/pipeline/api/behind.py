"""What is behind the API."""

from dataclasses import dataclass

from eureke.pipeline.accounts import Accounts
from eureke.pipeline.api.keys import Keys
from eureke.pipeline.api.rate import Rate
from eureke.pipeline.entrance import Entrance
from eureke.pipeline.statuses import Statuses
from eureke.pipeline.user_cache import UserCache
from eureke.settings import Settings


@dataclass(frozen=True, slots=True)
class Behind:
    """What is behind the API: a replica keeps nothing but this."""

    settings: Settings
    accounts: Accounts
    cache: UserCache
    entrance: Entrance
    keys: Keys
    rate: Rate
    statuses: Statuses

    async def close(self) -> None:
        """Lets go of it, once no request is under way any more."""
        self.entrance.close()
        self.statuses.close()
        self.cache.close()
        await self.keys.close()
        await self.rate.close()
